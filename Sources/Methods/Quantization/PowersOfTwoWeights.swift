public import Encodings
public import Graphs
import Ops
public import Settings
import Tensors

/// The set of numbers that weights take.
public enum LevelFamily: String, Sendable, SettingChoice {
  /// Powers of two, or sums of them.
  case powers
  /// Bytes whose quartets are powers of two.
  case alphabet1
  /// Bytes whose quartets are 1 or 3 times a power of two.
  case alphabet3
  /// Bytes whose quartets are 1, 3, 5 or 7 times a power of two.
  case alphabet7
}

/// Makes weights powers of two, or sums of few, and puts values on grids whose scales are powers of two.
public struct PowersOfTwoWeights: CompressionMethod {
  /// The name in recipes: `powers-of-two`.
  public static let name = "powers-of-two"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Puts weights or activations on grids of numbers.
  public static let order = PipelineOrder.values
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "weights that are powers of two, so that products are shifts",
    description: """
      Folds batch norms and puts the network on grids whose scales are powers of two: values as \
      post-training-quantization does, weights on a set of few numbers, biases on 32 bits. Products and rescaling \
      are then shifts: exported C for AVR multiplies in no linear layer, and among convolutions only in depthwise \
      ones, whose weights have four bits and one term. A weight is a term of `bits` bits, a sign and an exponent; or \
      the sum of two such terms; or a byte whose two quartets are numbers of an alphabet times a power of two. The \
      stage's training computes with these numbers and passes gradients through the rounding. `incremental` freezes \
      the largest weights first, at four points of the stage's training: half, three quarters, seven eighths, all. \
      The other weights train as floats in between and make up for the frozen ones. For deep networks give the stage \
      `gradientClip: 1` and a tenth of the usual learning rate. A stage with a teacher (`soft-targets`) is the \
      second phase of Tann et al.
      """,
    formula: """
      w = 2^e · s · m, m of 0, 1, 2, 4 … 2^(2^(bits-1) - 2), or |±2^a ± 2^b|, or 16·h + l with h and l of the alphabet times powers; e \
      of each channel minimizes Σ (w - ŵ)²; log rounding: the nearest in log2 |w|
      """,
    paper: """
      Tann, Hashemi, Bahar, Reda 2017, arXiv:1705.04288; Ding et al. 2017, LightNN, arXiv:1802.02178; Zhou et al. 2017, Incremental \
      network quantization, arXiv:1702.03044; Sarwar et al. 2016, arXiv:1602.08557
      """)

  /// The shares of weights that are frozen at the points of an incremental stage.
  static let frozenShares = [0.5, 0.75, 0.875, 1]

  /// The set of numbers that weights take.
  public var numbers = LevelFamily.powers
  /// Bits of a term, 2...4: a sign and an exponent.
  public var bits = 4
  /// Terms of a sum, 1 or 2.
  public var terms = 1
  /// The rounding of a weight between two numbers: by distance, or by distance of logarithms.
  public var rounding = LevelRounding.linear
  /// True if the largest weights are frozen first.
  public var incremental = false
  /// The share of the stage's training over which an incremental stage freezes, 0.1...1.
  public var share = 0.75
  /// The grids of values, and the rules by which they are found.
  public var grids = IntegerGrids()

  /// Takes weights of four bits and values of eight.
  public init() {}

  /// Settings: `numbers`, `bits`, `terms`, `rounding`, `incremental`, `share`, the range settings of
  /// `IntegerGrids`.
  public static var settings: [Setting<PowersOfTwoWeights>] {
    [
      Setting(
        "numbers", \.numbers,
        "the set of weights: powers, powers of two or sums of them; or bytes whose quartets are powers of two times 1 (alphabet1), 1 or 3 "
          + "(alphabet3), or 1, 3, 5 or 7 (alphabet7)"),
      Setting("bits", \.bits, in: 2...4, "bits of a term, with its sign, for numbers: powers"),
      Setting("terms", \.terms, in: 1...2, "terms of a weight, for numbers: powers"),
      Setting(
        "rounding", \.rounding,
        "the rounding of a weight: to the nearest number (linear), or to the nearest logarithm (log)"),
      Setting(
        "incremental", \.incremental,
        "true freezes the weights at four points, the largest first: half, three quarters, seven eighths, all"
      ).ofWholeStage(),
      Setting(
        "share", \.share, in: 0.1...1, "share of the stage's training over which an incremental stage freezes"
      ).ofWholeStage(),
    ] + IntegerGrids.rangeSettings(\.grids)
  }

  /// Activations.
  public var evidence: Set<EvidenceKind> { [.activations] }
  /// The bits of all terms of a weight; 8 for numbers of an alphabet, which are bytes.
  public var weightBits: Int? { numbers == .powers ? bits * terms : 8 }
  /// Acts once, or at four points over `share` of the training if it freezes weights one after another.
  public var pacing: Pacing {
    incremental ? .gradual(times: Self.frozenShares.count, share: share) : .once
  }

  /// The set of numbers by the settings.
  var levels: LevelSet {
    switch numbers {
    case .powers: LevelSet(termBits: bits, terms: terms)
    case .alphabet1: LevelSet(alphabet: 1)
    case .alphabet3: LevelSet(alphabet: 3)
    case .alphabet7: LevelSet(alphabet: 7)
    }
  }

  /// Refuses nodes that vanish in inference and values that a clamp takes up.
  public func applicability(to node: Node, in graph: Graph) -> Applicability { .quantizing(node, in: graph) }

  /// Folds norms and quantizes; an incremental stage freezes the next share of weights at each point.
  public func compress(_ compression: inout Compression<PowersOfTwoWeights>) throws -> Rewrite {
    let application = compression
    guard incremental else {
      var rewrite = try quantized(application)
      rewrite.graph.moveMastersIntoRange()
      return rewrite
    }
    let isFirst = !compression.graph.parameters.values.contains { $0.encoding is Frozen }
    var rewrite = isFirst ? try quantized(application) : Rewrite(inPlace: compression.graph)
    let points = Self.frozenShares.count
    let point = min(max(Int((compression.progress * Double(points)).rounded()) - 1, 0), points - 1)
    for (name, parameter) in rewrite.graph.parameters where parameter.encoding.shipped.hasLevels {
      rewrite.graph.parameters[name] = Self.frozen(parameter, share: Self.frozenShares[point])
    }
    return rewrite
  }

  /// The network on its grids.
  private func quantized(_ application: Compression<PowersOfTwoWeights>) throws -> Rewrite {
    var quantization = IntegerQuantization(method: Self.name, grids: grids) {
      application.settings(for: $0) == nil ? nil : 8
    }
    quantization.valueGrids = { application.settings(for: $0)?.grids }
    quantization.valuesOnPowersOfTwo = true
    quantization.weightNumbers = { layer, weight, floors, _ in
      let settings = application.settings(for: layer) ?? self
      let encoding = PowersOfTwo(
        levels: settings.levels, rounding: settings.rounding, of: weight, floors: floors,
        perChannel: settings.grids.perChannel)
      return encoding.map { ($0, $0.scales) }
    }
    return try quantization.rewrite(application.graph, application.evidence)
  }

  /// The parameter with a share of its weights frozen, the largest first; with all of them its stored
  /// encoding.
  private static func frozen(_ parameter: Parameter, share: Double) -> Parameter {
    let shipped = parameter.encoding.shipped
    let before = parameter.encoding as? Frozen
    // A weight that is frozen already keeps its number, whatever its master has become.
    let current = before == nil ? parameter.value : parameter.projected
    let numbers = Parameter(current, encoding: shipped).projected.values
    guard share < 1 else { return Parameter(Tensor(numbers, shape: current.shape), encoding: shipped) }
    let values = current.values
    let order = values.indices.sorted { a, b in
      let (first, second) = (before?.mask[a] ?? false, before?.mask[b] ?? false)
      if first != second { return first }
      return values[a].magnitude != values[b].magnitude ? values[a].magnitude > values[b].magnitude : a < b
    }
    let count = (shipped as? Sparse)?.mask.survivorCount ?? values.count
    let chosen = order.prefix(Int((share * Double(count)).rounded()))
    let mask = Mask(count: values.count, survivors: chosen.sorted())
    let fixed = values.indices.map { place -> Float in
      guard mask[place] else { return 0 }
      return before?.mask[place] == true ? values[place] : numbers[place]
    }
    return Parameter(parameter.value, encoding: Frozen(mask: mask, values: fixed, inner: shipped))
  }
}

extension Encoding {
  /// True if elements are numbers of a level set, also within a mask.
  fileprivate var hasLevels: Bool { (self as? Sparse)?.inner.hasLevels ?? (self is PowersOfTwo) }
}
