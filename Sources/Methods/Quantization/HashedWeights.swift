import Encodings
public import Graphs
import Ops
public import Settings
import Tensors

/// Makes weights share numbers by a hash of their place.
public struct HashedWeights: CompressionMethod {
  /// The name in recipes: `hashed-weights`.
  public static let name = "hashed-weights"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Makes weights share numbers.
  public static let order = PipelineOrder.sharing
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "share numbers by a hash of each weight's place; files hold no indices",
    description: """
      Ties the weights of each convolution and linear layer to few shared numbers. A hash of the weight's place \
      gives the number and the sign, so a file holds the numbers and a seed, and nothing for each weight. The \
      numbers start as those nearest to the weights, scaled to keep the layer's mean square. Weights are tied at \
      random, so a trained network loses most of its accuracy: the stage's training is one from scratch, best with a \
      teacher (`soft-targets`). Weights that are zero within a mask stay zero and take no part. The shared numbers \
      are floats until a later stage of quantization puts them on a grid of integers. Exported C and integer \
      programs hold the integers written out: hashing saves bytes of the file, not of flash.
      """,
    formula: """
      w_i = ξ(i) · c_h(i), h(i) = ⌊K · xxHash32(i, seed) / 2^32⌋, ξ(i) = ±1 by xxHash32(i, seed + 1); K = share · n of n weights; c_k the \
      mean of ξ(i) w_i
      """,
    paper:
      "Chen, Wilson, Tyree, Weinberger, Chen 2015, Compressing neural networks with the hashing trick, arXiv:1504.04788"
  )

  /// Shared numbers of a layer, as a share of its weights, 0.0001...0.5.
  public var share = 0.125

  /// Takes one number for eight weights.
  public init() {}

  /// Settings: `share`.
  public static var settings: [Setting<HashedWeights>] {
    [
      Setting(
        "share", \.share, in: 0.0001...0.5, "number of shared numbers of a layer, as a share of its weights")
    ]
  }

  /// The share of numbers that is saved: `1 - share`.
  public var savedShare: Double {
    get { 1 - share }
    set { share = min(max(1 - newValue, 0.0001), 0.5) }
  }

  /// The strength is the saved share.
  public static var strength: WritableKeyPath<HashedWeights, Double>? { \.savedShare }

  /// Refuses nodes without weights, and layers too small to share numbers.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard node.op is any ProductOp, let shape = graph.weightShape(of: node) else {
      return .notApplicable(reason: "it has no weights to share")
    }
    guard count(of: shape) < shape.count else {
      return .notApplicable(reason: "its \(shape.count) weights are too few to share numbers")
    }
    return .applicable
  }

  /// The shared numbers of a weight; at least 1.
  private func count(of shape: Shape) -> Int { max(1, Int((share * Double(shape.count)).rounded())) }

  /// Ties each layer's weights by a hash of a drawn seed, scaled to the mean square that they had.
  public func compress(_ compression: inout Compression<HashedWeights>) throws -> Rewrite {
    var graph = compression.graph
    let layers = compression.layers
    guard !layers.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "no layer has weights that could share numbers")
    }
    for (node, settings) in layers {
      let weight = try located(Self.name) { [graph] in try graph.parameter(.weight, of: node) }
      let hashed = Hashed(
        shape: weight.value.shape, count: settings.count(of: weight.value.shape),
        seed: UInt32(truncatingIfNeeded: compression.random.next()))
      let encoding = try weight.encoding.replacingNumbers(with: hashed, Self.name, node.name)
      graph[.weight, of: node.name] = try Self.scaled(weight.projected, encoding, node.name)
    }
    return Rewrite(inPlace: graph)
  }

  /// The tied weights, scaled to the mean square that they had; throws if a weight is not finite.
  private static func scaled(_ tensor: Tensor, _ encoding: any Encoding, _ node: String) throws -> Parameter {
    var tied = Parameter(tensor, encoding: encoding).projected
    func square(_ tensor: Tensor) -> Double { tensor.values.reduce(0) { $0 + Double($1) * Double($1) } }
    let (before, after) = (square(tensor), square(tied))
    guard before.isFinite, after.isFinite else {
      throw MethodError.impossible(method: name, node: node, reason: "its weights are not all finite")
    }
    // Means of weights tied by chance are small; without the factor the layer's output would fade.
    if after > 0 {
      let factor = (before / after).squareRoot()
      for i in tied.values.indices { tied.values[i] = Float(Double(tied.values[i]) * factor) }
    }
    guard tied.values.allSatisfy(\.isFinite) else {
      throw MethodError.impossible(
        method: name, node: node,
        reason: "its weights are too large to be tied and scaled; train with weight decay")
    }
    return Parameter(tied, encoding: encoding)
  }
}
