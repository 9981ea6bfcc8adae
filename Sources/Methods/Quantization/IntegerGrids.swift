import Graphs
import Ops
import Settings
import Tensors

/// The integer grids of weights and values, and the rules by which they are found.
///
/// These are the settings that the methods of integers share.
public struct IntegerGrids: Sendable, Equatable {
  /// Bits of weights, 2...16; biases have 32.
  public var bits = 8
  /// The mean bits over all weights of layers with different widths, 2...16; `nil` gives all layers `bits`.
  public var meanBits: Double?
  /// The cost by which layers get different widths.
  public var allocation = BitAllocation.loss
  /// The widths that layers may get, in rising order, each 2...16.
  public var widths = [2, 3, 4, 5, 6, 7, 8]
  /// Bits of values between layers, 1...16.
  public var activationBits = 8
  /// Bits of the network's inputs and scores, 1...16; `nil` takes `activationBits`.
  public var edgeBits: Int?
  /// The rule by which ranges are chosen.
  public var calibration = CalibrationRule.mse
  /// The share of numbers within the bounds for the rule `percentile`, in percent, 50...100.
  public var percentile = 99.99
  /// The least number of training images to calibrate on.
  public var images = 512
  /// True if every output channel has its own scale.
  public var perChannel = true
  /// True if values have the zero point 0, as some accelerators demand.
  public var symmetric = false

  /// Takes signed bytes for weights and values.
  public init() {}

  /// The share of a 32-bit weight that is saved.
  public var savedShare: Double {
    get { 1 - (meanBits ?? Double(bits)) / 32 }
    set {
      let kept = 32 * (1 - newValue)
      if meanBits == nil {
        bits = min(max(Int(kept.rounded(.down)), 2), 16)
      } else {
        meanBits = min(max(kept, 2), 16)
      }
    }
  }

  /// Settings: `bits`, `meanBits`, `allocation`, `widths`, and those of `rangeSettings`.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, IntegerGrids>) -> [Setting<Owner>] {
    [
      Setting("bits", path.appending(path: \.bits), in: 2...16, "bits of weights; biases have 32"),
      Setting(
        "meanBits", path.appending(path: \.meanBits), in: 2...16,
        "mean bits of weights if the widths of layers may differ; left out, all layers have \"bits\""
      ).omittedAsDefault(),
      Setting(
        "allocation", path.appending(path: \.allocation),
        "the cost for choosing widths with meanBits: the loss with each layer rounded alone (loss), or the trace of its Hessian (hessian-trace)"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "widths", path.appending(path: \.widths), expected: "integers from 2 to 16, rising",
        "widths in bits that layers may get with meanBits"
      ) { widths in
        !widths.isEmpty && widths.allSatisfy((2...16).contains)
          && zip(widths, widths.dropFirst()).allSatisfy { $0 < $1 }
      }.ofWholeStage().omittedAsDefault(),
    ] + rangeSettings(path)
  }

  /// Settings: `activationBits`, `edgeBits`, `calibration`, `percentile`, `images`, `perChannel`,
  /// `symmetric`.
  ///
  /// They are enough for a method whose weights are other numbers.
  static func rangeSettings<Owner>(_ path: WritableKeyPath<Owner, IntegerGrids>) -> [Setting<Owner>] {
    [
      Setting(
        "activationBits", path.appending(path: \.activationBits), in: 1...16, "bits of values between layers"),
      Setting(
        "edgeBits", path.appending(path: \.edgeBits), in: 1...16,
        "bits of the network's inputs and scores; left out, activationBits"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "calibration", path.appending(path: \.calibration), "the rule by which ranges of values are chosen"
      ).ofWholeStage(),
      Setting(
        "percentile", path.appending(path: \.percentile), in: 50...100,
        "percentage of numbers within the range, for calibration: percentile"
      ).ofWholeStage(),
      Setting(
        "images", path.appending(path: \.images), in: 1...1_000_000,
        "least number of training images to calibrate on"
      ).ofWholeStage(),
      Setting(
        "perChannel", path.appending(path: \.perChannel),
        "true gives each output channel its own scale, false one scale to a layer"),
      Setting(
        "symmetric", path.appending(path: \.symmetric),
        "true gives all values the zero point 0; values that are never negative lose a bit by it"
      ).ofWholeStage().omittedAsDefault(),
    ]
  }
}

extension IntegerGrids {
  /// Activations, and with `meanBits` the evidence for the choice of widths.
  var evidence: Set<EvidenceKind> {
    meanBits == nil ? [.activations] : allocation.evidence.union([.activations])
  }

  /// The bits of each layer's weights, `nil` for layers that are left out, and a warning if there is one.
  ///
  /// With `meanBits`, layers without `bits` of their own share that mean; layers with own bits or shared
  /// numbers keep theirs. Throws if a layer has another `meanBits`.
  func weightBits<Method: CompressionMethod>(
    _ compression: inout Compression<Method>, _ grids: @escaping (Method) -> IntegerGrids,
    folded: (Graph) throws -> Graph
  ) throws -> (of: (_ layer: String) -> Int?, warning: String?) {
    let application = compression
    func settings(_ layer: String) -> IntegerGrids? { application.settings(for: layer).map(grids) }
    let graph = compression.graph
    let others = graph.nodes.filter {
      settings($0.name).map { $0.meanBits != nil && $0.meanBits != meanBits } == true
    }
    if let other = others.first {
      throw MethodError.impossible(
        method: Method.name, node: other.name,
        reason: "meanBits is for all layers together; set \"bits\" for a single layer")
    }
    guard let meanBits else { return ({ settings($0)?.bits }, nil) }
    let shipped = try folded(graph)
    let norms = Dictionary(
      graph.foldableBatchNorms().filter { shipped.node(named: $0.norm)?.op is any ProductOp }
        .map { ($0.producer, $0.norm) }, uniquingKeysWith: { first, _ in first })
    var layers: [MixedPrecision.Layer] = []
    var fixed: [String: Int] = [:]
    for node in graph.nodes where node.op is any ProductOp {
      guard let own = settings(node.name), let weight = graph[.weight, of: node.name] else { continue }
      let name = norms[node.name] ?? node.name
      if own.meanBits == nil || own.bits != bits || weight.encoding.sharesNumbers {
        fixed[name] = own.bits
      } else {
        layers.append(
          MixedPrecision.Layer(name: node.name, folded: name, count: weight.value.values.count))
      }
    }
    let precision = MixedPrecision(
      method: Method.name, grids: self, meanBits: meanBits, evidence: compression.evidence)
    let found = try precision.widths(
      of: layers, in: graph, folded: shipped, fixed: fixed, &compression.random)
    return ({ layer in settings(layer).map { found.bits[layer] ?? $0.bits } }, found.warning)
  }
}
