import Encodings
import Graphs
import Ops
public import Settings
import Tensors

/// What becomes of batch norms in a training with rounding.
public enum NormHandling: String, Sendable, SettingChoice {
  /// They are folded before it.
  case folded
  /// They follow the batches, and are folded when it is done: a step that is small for a layer behind its norm may be large for
  /// the folded one.
  case late
}

/// Whether the ranges of values are learned.
public enum RangeLearning: String, Sendable, SettingChoice {
  /// They stay as they were calibrated.
  case fixed
  /// The step between two values is a parameter, taught by the errors of rounding and clipping: learned step size quantization.
  case lsq
  /// The step is a parameter taught by what is clipped alone: the parametrized clipping activation.
  case pact

  var rule: StepRule? {
    switch self {
    case .fixed: nil
    case .lsq: .rounding
    case .pact: .clipping
    }
  }
}

/// What changes besides weights while a quantized network trains: ranges and norms.
public struct QuantizedTraining: Sendable, Equatable {
  /// How often all ranges are found anew; those that are learned are not.
  public var refits = 0
  /// What becomes of batch norms.
  public var norms = NormHandling.folded
  /// Whether the ranges of values are learned.
  public var ranges = RangeLearning.fixed

  /// The share of the stage's training over which ranges are found anew: what is left gets used to the last ones.
  static let share = 0.8

  /// Ranges are found once, and norms folded before the training.
  public init() {}

  /// The settings that methods have in common.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, QuantizedTraining>) -> [Setting<Owner>] {
    [
      Setting(
        "norms", path.appending(path: \.norms),
        "when batch norms are folded: before the stage's training, or late, when it is done"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "ranges", path.appending(path: \.ranges),
        "whether ranges of values are fixed, or learned by lsq or pact"
      ).ofWholeStage().omittedAsDefault(),
    ]
  }

  var pacing: Pacing {
    refits == 0 && !settles ? .once : .gradual(times: refits + 1, share: Self.share)
  }

  /// Whether something that acts in training alone is taken away when it is done.
  var settles: Bool { norms == .late || ranges != .fixed }
  /// How often a method acts.
  private var points: Int { refits + (settles ? 2 : 1) }

  /// Whether a method acts for the first time.
  func isFirst(_ progress: Double) -> Bool { progress * Double(points) < 1.5 }

  /// What a method makes of a network at one of its points; `isChosen` tells layers that it quantizes.
  func rewrite<Method: CompressionMethod>(
    _ compression: Compression<Method>, _ quantization: inout IntegerQuantization,
    isChosen: (_ layer: String) -> Bool
  ) throws -> Rewrite {
    guard
      norms == .folded || quantization.grids.perChannel || compression.original.foldableBatchNorms().isEmpty
    else {
      throw MethodError.impossible(
        method: Method.name, node: "norms",
        reason: "late folding gives each channel a scale of its own; leave perChannel on, or norms: folded")
    }
    let isLast = settles && compression.progress >= 1
    quantization.keepsNorms = norms == .late && !isLast
    quantization.keepsGrids = isLast
    var graph = compression.graph
    if ranges != .fixed {
      (graph, quantization.knownValues) = try graph.withoutLearnedSteps(for: Method.name)
    }
    if isLast {
      // The weights have got used to these ranges, and to what they clip.
      for (name, encoding) in graph.values where quantization.knownValues[name] == nil {
        quantization.knownValues[name] = encoding as? IntegerValue
      }
    }
    if refits > 0, !isLast { graph = graph.withRealNumbers(isChosen) }
    var rewrite = try quantization.rewrite(graph, compression.evidence)
    if let rule = ranges.rule, !isLast {
      rewrite.graph = try rewrite.graph.withLearnedSteps(rule, for: Method.name)
      for name in rewrite.graph.parameters.keys where compression.graph.parameters[name] != nil {
        rewrite.origin[name] = rewrite.origin[name] ?? Origin(parameter: name)
      }
    }
    return rewrite
  }
}

extension Compression {
  /// By the name of a layer into which a norm of the original network was folded, which is the norm's, its own name of before.
  var producersOfFoldedNorms: [String: String] {
    Dictionary(
      original.foldableBatchNorms().filter { !(graph.node(named: $0.norm)?.op is BatchNorm) }
        .map { ($0.norm, $0.producer) }, uniquingKeysWith: { first, _ in first })
  }
}

extension Graph {
  /// The network with the masters of some layers' weights as they are, on no grid; masks and shared numbers stay.
  fileprivate func withRealNumbers(_ isChosen: (_ node: String) -> Bool) -> Graph {
    var graph = self
    for node in nodes where isChosen(node.name) {
      guard let encoding = graph[.weight, of: node.name]?.encoding else { continue }
      graph[.weight, of: node.name]?.encoding = encoding.withRealNumbers
    }
    return graph
  }

  /// Replaces masters by their projections where they are so far beyond their range that no gradient reaches them.
  mutating func moveMastersIntoRange() {
    for (name, parameter) in parameters {
      var reached = Array(repeating: Float(1), count: parameter.value.values.count)
      var span = reached.mutableSpan
      parameter.encoding.backward(
        &span, masters: parameter.value.values.span, shape: parameter.value.shape)
      let projected = parameter.projected.values
      for i in reached.indices where reached[i] == 0 { parameters[name]?.value.values[i] = projected[i] }
    }
  }
}
