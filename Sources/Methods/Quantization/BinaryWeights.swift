import Encodings
public import Graphs
import Ops
public import Settings
import Tensors

/// The kind of numbers that a layer's weights become.
public enum BinaryNumbers: String, Sendable, SettingChoice {
  /// Plus or minus a scale.
  case binary
  /// Signed bytes, for layers that one bit harms most.
  case bytes
}

/// Replaces weights by their signs times a scale, which the stage's training then computes with.
public struct BinaryWeights: CompressionMethod {
  /// The name in recipes: `binary-weights`.
  public static let name = "binary-weights"
  /// The family that rankings show it in: quantization.
  public static let family = MethodFamily.quantization
  /// Puts weights or activations on grids of numbers.
  public static let order = PipelineOrder.values
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "weights of one bit: plus or minus a scale for each output channel",
    description: """
      Folds batch norms, calibrates the values between layers as post-training-quantization does, and replaces each \
      weight by its sign times the mean magnitude of its output channel, which is computed before the stage's \
      training and fixed in it. The training computes with signs; gradients pass straight through to the masters, \
      except those that would move a master further than two scales from zero. A product is then a sum of inputs \
      minus a sum of other inputs. Without training the network loses most of its accuracy. The first and the last \
      layer suffer most: `numbers: bytes` in their overrides gives them eight bits. With `powerOfTwoScales` \
      rescaling is a shift, and exported C for AVR multiplies in no linear layer, and among convolutions only in \
      depthwise ones. Overrides may set `numbers` and `activationBits` of a layer; the other settings hold for all \
      layers. With `activationBits: 1` values behind rectifiers are zero or one step, and products are of signs and \
      bits; that needs `norms: late`, `ranges: lsq` and a long training.
      """,
    formula:
      "w = s_c · sign(w), s_c = mean |w| of channel c; ∂L/∂w = ∂L/∂ŵ, 0 where |w| > 2·s_c and w would grow",
    paper: """
      Courbariaux, Bengio, David 2015, BinaryConnect, arXiv:1511.00363; Rastegari et al. 2016, XNOR-Net, arXiv:1603.05279
      """)

  /// The kind of numbers: one bit, or bytes.
  public var numbers = BinaryNumbers.binary
  /// True if scales of weights and values are powers of two.
  public var powerOfTwoScales = false
  /// The grids of values, and the rules by which they are found.
  public var grids = IntegerGrids()
  /// The handling of norms and ranges while the stage trains.
  public var training = QuantizedTraining()

  /// Takes one bit for weights and eight for values.
  public init() {}

  /// Settings: `numbers`, `powerOfTwoScales`, the range settings of `IntegerGrids`, those of
  /// `QuantizedTraining`.
  public static var settings: [Setting<BinaryWeights>] {
    [
      Setting("numbers", \.numbers, "the weights: binary, or bytes for layers that suffer most from one bit"),
      Setting(
        "powerOfTwoScales", \.powerOfTwoScales, "true makes the scales of weights and values powers of two"
      ).ofWholeStage(),
    ] + IntegerGrids.rangeSettings(\.grids) + QuantizedTraining.settings(\.training)
  }

  /// Activations.
  public var evidence: Set<EvidenceKind> { [.activations] }
  /// Acts once, or again if ranges are found anew or something settles.
  public var pacing: Pacing { training.pacing }
  /// True if norms are folded late or ranges are learned.
  public var settles: Bool { training.settles }
  /// One bit, or eight for bytes.
  public var weightBits: Int? { numbers == .binary ? 1 : 8 }

  /// Refuses nodes that vanish in inference and values that a clamp takes up.
  public func applicability(to node: Node, in graph: Graph) -> Applicability { .quantizing(node, in: graph) }

  /// Folds norms, calibrates values and gives weights signs with scales; throws for powers of two with
  /// learned scales.
  public func compress(_ compression: inout Compression<BinaryWeights>) throws -> Rewrite {
    guard !powerOfTwoScales || training == QuantizedTraining() else {
      throw MethodError.impossible(
        method: Self.name, node: "powerOfTwoScales",
        reason:
          "powers of two are not possible with norms: late or learned ranges; use one or the other"
      )
    }
    let application = compression
    let producers = compression.producersOfFoldedNorms
    func settings(_ layer: String) -> BinaryWeights? { application.settings(for: producers[layer] ?? layer) }
    var quantization = IntegerQuantization(method: Self.name, grids: grids) { settings($0) == nil ? nil : 8 }
    quantization.valueGrids = { application.settings(for: $0)?.grids }
    quantization.valuesOnPowersOfTwo = powerOfTwoScales
    quantization.weightNumbers = { layer, weight, floors, sharesNumbers in
      let settings = settings(layer) ?? self
      return scaled(
        settings.numbers, of: weight, floors: floors, perChannel: settings.grids.perChannel && !sharesNumbers)
    }
    return try training.rewrite(compression, &quantization) { settings($0) != nil }
  }

  /// The encoding of a weight with its scales; `nil` if the weight or a scale is not finite.
  private func scaled(
    _ numbers: BinaryNumbers, of weight: Tensor, floors: [Float], perChannel: Bool
  ) -> IntegerQuantization.ScaledNumbers? {
    guard weight.values.allSatisfy(\.isFinite) else { return nil }
    let channels = perChannel ? weight.shape[0] : 1
    let all = perChannel ? floors : [floors.max() ?? 0]
    guard numbers == .binary else {
      let grid = WeightGrid(
        bits: 8, perChannel: perChannel, minimizesError: grids.calibration == .mse)
      guard let encoding = grid.encoding(of: weight, floors: floors) else { return nil }
      let scales = rounded(encoding.scales, up: true, all)
      return Integer.problem(bits: 8, scales: scales) == nil
        ? (Integer(bits: 8, scales: scales), scales) : nil
    }
    let width = weight.values.count / channels
    let means = (0..<channels).map { channel in
      let row = weight.values[(channel * width)..<((channel + 1) * width)]
      // Masked weights have no part in the mean.
      let count = row.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
      return Float(row.reduce(0.0) { $0 + Double($1.magnitude) } / Double(max(count, 1)))
    }
    let scales = rounded(zip(means, all).map { max($0, $1, .leastNormalMagnitude) }, up: false, all)
    return scales.allSatisfy(\.isFinite) ? (Binary(scales: scales), scales) : nil
  }

  /// Scales rounded to powers of two, if asked for, none below its floor.
  ///
  /// With `up` the power is at least the scale, otherwise the nearest in the logarithm.
  private func rounded(_ scales: [Float], up: Bool, _ floors: [Float]) -> [Float] {
    guard powerOfTwoScales else { return scales }
    return zip(scales, floors).map { scale, floor in
      let lower = Float(sign: .plus, exponent: Int(scale.exponent), significand: 1)
      if scale == lower { return scale }
      return !up && scale.significand < Float(2).squareRoot() && lower >= floor ? lower : 2 * lower
    }
  }
}
