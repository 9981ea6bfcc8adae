public import Graphs
public import Settings
public import Tensors

/// How differently two networks' softened probabilities of a batch go together: of every two images, or of every two classes.
///
/// **Formula**: with `P = softmax(x/T)`, `Q = softmax(y/T)`, `[N, C]`: over images `1/N · Σ_ij ((P·Pᵀ)[i,j] - (Q·Qᵀ)[i,j])²`, over
/// classes `1/C · Σ_ij ((Pᵀ·P)[i,j] - (Qᵀ·Q)[i,j])²`.
///
/// **Shapes**: the student's scores `x [N, C]`, the teacher's `y [N, C]`, loss `[N]`: that of the batch.
///
/// **Gradient**: with D the difference of the products and f the factor before the sum, over images `dP = 4f·D·P`, over classes
/// `dP = 4f·P·D`; from there through the softmax. That by y is the same with both exchanged.
///
/// **Settings**: over, temperature.
///
/// **Throws**: `ShapeError` for unequal shapes and for values that are not `[N, C]`.
///
/// **Paper**: Jin, Wang, Lin, "Multi-level logit distillation", CVPR 2023.
public struct PredictionCorrelation: RelationLoss {
  public static let kind = "prediction-correlation"

  /// Which of them go together.
  public var over = LogitAxis.items
  /// What scores are divided by.
  public var temperature: Float = 1

  /// Images, at a temperature of 1.
  public init() {}

  /// Makes a loss.
  public init(over: LogitAxis, temperature: Float) { (self.over, self.temperature) = (over, temperature) }

  public static var settings: [Setting<PredictionCorrelation>] {
    [
      Setting("over", \.over, "what is compared with one another: items of the batch, or classes"),
      Setting("temperature", \.temperature, in: 0.1...100, "what scores are divided by"),
    ]
  }

  public static var examples: [OpExample<PredictionCorrelation>] {
    [
      OpExample(PredictionCorrelation(over: .items, temperature: 2), [4, 3], [4, 3]),
      OpExample(PredictionCorrelation(over: .classes, temperature: 4), [3, 5], [3, 5]),
    ]
  }

  public func validate() throws(ShapeError) { try requireTemperature(temperature) }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try outputShape(ofScoreBatches: inputs)
  }

  private func size(_ side: RelationSide) -> Int { over == .items ? side.items : side.width }

  public func relationCount(_ side: RelationSide) -> Int { size(side) * size(side) }
  /// The probabilities, and the gradient by them.
  public func roomCount(_ side: RelationSide) -> Int { 2 * side.items * side.width }
  public func factor(_ side: RelationSide) -> Double { 1 / Double(size(side)) }

  public func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    SquaredDifference.of(x, y)
  }

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

  /// Where the k-th of the numbers lies that a sum of products runs over, for one of those that are compared.
  private func place(_ i: Int, _ k: Int, _ side: RelationSide) -> Int {
    over == .items ? i * side.width + k : k * side.width + i
  }

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
  /// Of every two images.
  case items
  /// Of every two classes.
  case classes
}

extension ObjectiveOp {
  /// Refuses a temperature that makes no probabilities.
  func requireTemperature(_ temperature: Float) throws(ShapeError) {
    guard temperature >= 0.1, temperature <= 100 else {
      throw .invalidSetting(op: kind, reason: "temperature \(temperature) is outside 0.1...100")
    }
  }
}
