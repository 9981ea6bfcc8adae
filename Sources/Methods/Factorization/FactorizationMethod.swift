import Graphs
import LinearAlgebra
import Settings
import Tensors

/// What the methods share that replace a layer by two or three smaller ones computed from its weights.
public protocol FactorizationMethod: CompressionMethod {
  /// The share of the sum of squared singular values to keep.
  var energy: Double { get set }
  /// The share of the layer's parameters to keep; rules instead of the energy where given.
  var keptRatio: Double? { get set }
}

extension FactorizationMethod {
  public static var family: MethodFamily { .factorization }
  public static var order: PipelineOrder { .structure }
  public static var strength: WritableKeyPath<Self, Double>? { \Self.removedShare }

  /// How the ranks are chosen.
  var rule: RankRule { RankRule(energy: energy, keptRatio: keptRatio) }

  /// The share that is removed: of the parameters where a kept ratio rules, else of the energy.
  var removedShare: Double {
    get { 1 - (keptRatio ?? energy) }
    set {
      let kept = min(max(1 - newValue, 0.001), 1)
      if keptRatio == nil { energy = kept } else { keptRatio = kept }
    }
  }

  /// The settings that all of them have.
  static var rankSettings: [Setting<Self>] {
    [
      Setting(
        "energy", \.energy, in: 0.001...1, "share of the sum of squared singular values that is kept"),
      Setting(
        "keptRatio", \.keptRatio, in: 0.001...1,
        "share of the layer's parameters that is kept; rules instead of the energy where given"),
    ]
  }

  /// The network with the layers that `factors` gives in place of a node; it gives none where they would have as many
  /// parameters as the node.
  static func factorize(
    _ compression: Compression<Self>, _ factors: (Self, Node) throws -> [NewLayer]
  ) throws -> Rewrite {
    var replacements: [String: [NewLayer]] = [:]
    let layers = compression.layers
    for (node, settings) in layers {
      let parts = try located("\(name): \(node.name)") { try factors(settings, node) }
      if !parts.isEmpty { replacements[node.name] = parts }
    }
    guard !replacements.isEmpty else {
      let reason =
        layers.isEmpty
        ? "no layer is of a kind that it factorizes"
        : "at the rank asked for, the factors of \(layers.map(\.node.name).joined(separator: ", ")) would have no "
          + "fewer parameters than the layers; keep less"
      throw MethodError.nothingToDo(method: name, reason: reason)
    }
    return try located(name) { try compression.graph.replacing(replacements, key: compression.random.key) }
  }
}
