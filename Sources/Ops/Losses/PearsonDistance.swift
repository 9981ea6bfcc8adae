public import Graphs
public import Settings
public import Tensors

/// A loss that is low if two networks' softened probabilities are correlated.
///
/// The correlation is that of each image over the classes, or of each class over the images of the batch.
///
/// **Formula**: `loss = T² · (1 - mean_m ρ(P_m, Q_m))` with `P = softmax(x/T)` and `Q = softmax(y/T)`, where
/// ρ is Pearson's correlation, 0 if either side is constant. Over classes, m is an image and P_m its row;
/// over items, m is a class and P_m its column.
///
/// **Shapes**: the student's scores `x [N, C]`, the teacher's `y [N, C]`; loss `[N]`, that of the batch.
///
/// **Gradient**: with a and b the centred P_m and Q_m divided by their lengths |P| and |Q|, and M the number
/// of correlations, `dP_m = T²/M · (a·⟨a, b⟩ - b)/|P|`, and from there through the softmax. The gradient by y
/// is the same with x and y exchanged.
///
/// **Settings**: over, temperature.
///
/// **Throws**: `ShapeError` for unequal shapes and for values that are not `[N, C]`.
///
/// **Paper**: Huang, You, Wang, Qian, Xu, "Knowledge distillation from a stronger teacher", NeurIPS 2022,
/// arXiv:2205.10536.
public struct PearsonDistance: RelationLoss {
  /// The name of the kind, which no file holds: `pearson-distance`.
  public static let kind = "pearson-distance"

  /// The axis over which a correlation runs.
  public var over = LogitAxis.classes
  /// The divisor of scores before the softmax.
  public var temperature: Float = 1

  /// Over classes, at a temperature of 1.
  public init() {}

  /// Makes a loss.
  public init(over: LogitAxis, temperature: Float) { (self.over, self.temperature) = (over, temperature) }

  /// Settings: `over`, `temperature`.
  public static var settings: [Setting<PearsonDistance>] {
    [
      Setting("over", \.over, "what a correlation runs over: items of the batch, or classes"),
      Setting("temperature", \.temperature, in: 0.1...100, "what scores are divided by"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<PearsonDistance>] {
    [
      OpExample(PearsonDistance(over: .classes, temperature: 2), [3, 4], [3, 4]),
      OpExample(PearsonDistance(over: .items, temperature: 4), [5, 3], [5, 3]),
    ]
  }

  /// Refuses a temperature outside 0.1...100.
  public func validate() throws(ShapeError) { try requireTemperature(temperature) }

  /// The shape `[N]`; throws for unequal shapes and for values that are not `[N, C]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try outputShape(ofScoreBatches: inputs)
  }

  /// The number of correlations.
  private func rows(_ side: RelationSide) -> Int { over == .items ? side.width : side.items }
  /// The number of elements of each correlation.
  private func length(_ side: RelationSide) -> Int { over == .items ? side.items : side.width }
  /// The place of the k-th element of correlation m.
  private func place(_ m: Int, _ k: Int, _ side: RelationSide) -> Int {
    over == .items ? k * side.width + m : m * side.width + k
  }

  /// `N·C` centred and normalized probabilities.
  public func relationCount(_ side: RelationSide) -> Int { side.items * side.width }
  /// The probabilities, and the length of each centred row or column.
  public func roomCount(_ side: RelationSide) -> Int { side.items * side.width + rows(side) }
  /// T² over the number of correlations.
  public func factor(_ side: RelationSide) -> Double {
    Double(temperature * temperature) / Double(rows(side))
  }
  /// T².
  public var offset: Double { Double(temperature * temperature) }

  /// The negative product, so that the sum over a correlation is `-ρ`.
  public func difference(_ x: Float, _ y: Float) -> (value: Double, byX: Float, byY: Float) {
    (-Double(x) * Double(y), -y, -x)
  }

  /// Writes the probabilities, centres each row or column, and divides it by its length.
  public func writeRelation(
    of values: Span<Float>, _ side: RelationSide, into scratch: inout MutableSpan<Float>
  ) {
    SoftenedScores.write(values, side, temperature, into: &scratch, at: side.room)
    let length = length(side)
    for m in 0..<rows(side) {
      var sum = 0.0
      for k in 0..<length { sum += Double(scratch[side.room + place(m, k, side)]) }
      let mean = sum / Double(length)
      var squares = 0.0
      for k in 0..<length {
        let centred = Double(scratch[side.room + place(m, k, side)]) - mean
        scratch[side.relation + place(m, k, side)] = Float(centred)
        squares += centred * centred
      }
      let norm = squares.squareRoot()
      scratch[side.room + side.items * side.width + m] = Float(norm)
      let factor = norm == 0 ? 0 : Float(1 / norm)
      for k in 0..<length { scratch[side.relation + place(m, k, side)] *= factor }
    }
  }

  /// Carries the gradient through the normalization, the centring and the softmax.
  public func writeGradient(
    of values: Span<Float>, _ side: RelationSide, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    let length = length(side)
    for m in 0..<rows(side) {
      let norm = scratch[side.room + side.items * side.width + m]
      var (along, sum) = (0.0, 0.0)
      for k in 0..<length {
        let slope = Double(scratch[side.gradient + place(m, k, side)])
        along += slope * Double(scratch[side.relation + place(m, k, side)])
        sum += slope
      }
      // Normalized rows have a mean of 0, so removing the part along them leaves `level` as it is.
      let level = Float(sum / Double(length))
      for k in 0..<length {
        let i = place(m, k, side)
        let slope = scratch[side.gradient + i] - level - Float(along) * scratch[side.relation + i]
        scratch[side.gradient + i] = norm == 0 ? 0 : slope / norm
      }
    }
    SoftenedScores.writeGradient(
      side, temperature, probabilities: side.room, slopes: side.gradient, scratch.span, into: &gradient)
  }
}
