public import Graphs
public import Settings
public import Tensors

/// A loss that compares the products of two networks' softened probabilities, of all pairs of images or of
/// classes.
///
/// **Formula**: with `P = softmax(x/T)` and `Q = softmax(y/T)`, both `[N, C]`, over images
/// `1/N · Σ_ij ((P·Pᵀ)[i,j] - (Q·Qᵀ)[i,j])²`, over classes `1/C · Σ_ij ((Pᵀ·P)[i,j] - (Qᵀ·Q)[i,j])²`.
///
/// **Shapes**: the student's scores `x [N, C]`, the teacher's `y [N, C]`; loss `[N]`, that of the batch.
///
/// **Gradient**: with D the difference of the products and f the factor before the sum, over images
/// `dP = 4f·D·P`, over classes `dP = 4f·P·D`, and from there through the softmax. The gradient by y is the
/// same with x and y exchanged.
///
/// **Settings**: over, temperature.
///
/// **Throws**: `ShapeError` for unequal shapes and for values that are not `[N, C]`.
///
/// **Paper**: Jin, Wang, Lin, "Multi-level logit distillation", CVPR 2023.
public struct PredictionCorrelation: RelationLoss {
  /// The name of the kind, which no file holds: `prediction-correlation`.
  public static let kind = "prediction-correlation"

  /// The axis whose pairs are compared.
  public var over = LogitAxis.items
  /// The divisor of scores before the softmax.
  public var temperature: Float = 1

  /// Pairs of images, at a temperature of 1.
  public init() {}

  /// Makes a loss.
  public init(over: LogitAxis, temperature: Float) { (self.over, self.temperature) = (over, temperature) }

  /// Settings: `over`, `temperature`.
  public static var settings: [Setting<PredictionCorrelation>] {
    [
      Setting("over", \.over, "the axis of the correlations: items of the batch, or classes"),
      Setting("temperature", \.temperature, in: 0.1...100, "what scores are divided by"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<PredictionCorrelation>] {
    [
      OpExample(PredictionCorrelation(over: .items, temperature: 2), [4, 3], [4, 3]),
      OpExample(PredictionCorrelation(over: .classes, temperature: 4), [3, 5], [3, 5]),
    ]
  }

  /// Refuses a temperature outside 0.1...100.
  public func validate() throws(ShapeError) { try requireTemperature(temperature) }

  /// The shape `[N]`; throws for unequal shapes and for values that are not `[N, C]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try outputShape(ofScoreBatches: inputs)
  }

  private func size(_ side: RelationSide) -> Int { over == .items ? side.items : side.width }

  /// N² or C² products.
  public func relationCount(_ side: RelationSide) -> Int { size(side) * size(side) }
  /// The probabilities, and the gradient by them.
  public func roomCount(_ side: RelationSide) -> Int { 2 * side.items * side.width }
  /// `1/N` or `1/C`.
  public func factor(_ side: RelationSide) -> Double { 1 / Double(size(side)) }

  /// The squared difference of two products.
  public func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    SquaredDifference.of(x, y)
  }

  /// Writes the probabilities, and the products of all pairs.
  public func writeRelation(
    of values: Span<Float>, _ side: RelationSide, into scratch: inout MutableSpan<Float>
  ) {
    SoftenedScores.write(values, side, temperature, into: &scratch, at: side.room)
    let size = size(side)
    for i in 0..<size {
      for j in 0...i {
        var sum: Float = 0
        for k in 0..<(over == .items ? side.width : side.items) {
          sum += scratch[side.room + place(i, k, side)] * scratch[side.room + place(j, k, side)]
        }
        scratch[side.relation + i * size + j] = sum
        scratch[side.relation + j * size + i] = sum
      }
    }
  }

  /// The place of factor k in the products of image or class i.
  private func place(_ i: Int, _ k: Int, _ side: RelationSide) -> Int {
    over == .items ? i * side.width + k : k * side.width + i
  }

  /// Carries the gradient through the products and the softmax.
  public func writeGradient(
    of values: Span<Float>, _ side: RelationSide, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    let size = size(side)
    let slopes = side.room + side.items * side.width
    for i in 0..<size {
      for k in 0..<(over == .items ? side.width : side.items) {
        var sum: Float = 0
        for j in 0..<size {
          let slope = scratch[side.gradient + i * size + j] + scratch[side.gradient + j * size + i]
          sum += slope * scratch[side.room + place(j, k, side)]
        }
        scratch[slopes + place(i, k, side)] = sum
      }
    }
    SoftenedScores.writeGradient(
      side, temperature, probabilities: side.room, slopes: slopes, scratch.span, into: &gradient)
  }
}

/// The two axes of a batch's scores.
public enum LogitAxis: String, Sendable, SettingChoice {
  /// The images.
  case items
  /// The classes.
  case classes
}

extension ObjectiveOp {
  /// Refuses a temperature outside 0.1...100.
  func requireTemperature(_ temperature: Float) throws(ShapeError) {
    guard temperature >= 0.1, temperature <= 100 else {
      throw .invalidSetting(op: kind, reason: "temperature \(temperature) is outside 0.1...100")
    }
  }
}
