import Runs

/// What a picture draws accuracy against: one more is one line in `onTarget`.
struct PictureMeasure: Sendable {
  /// `flash`, a word for names of files and elements.
  let id: String
  /// What the axis says.
  let title: String
  /// A row's value; `nil` where there is none. Only positive, finite values are drawn.
  let value: @Sendable (Ranking.Row, TrialResult.TargetReading?) -> Double?
  /// The value for people.
  let words: @Sendable (Double) -> String

  /// The measures of a target, in the order in which they are drawn.
  static let onTarget = [
    PictureMeasure(id: "flash", title: "flash", value: { $1.map { Double($0.flashBytes) } }, words: bytes),
    PictureMeasure(
      id: "latency", title: "latency of an image", value: { $1?.latencyMs }, words: Quantity.milliseconds),
    PictureMeasure(
      id: "energy", title: "energy of an image", value: { $1?.energyMicrojoules }, words: Quantity.microjoules
    ),
  ]

  /// The measure where a run has no targets.
  static let file = PictureMeasure(
    id: "file", title: "file, entropy-coded", value: { row, _ in Double(row.size.codedBytes) }, words: bytes)

  private static let bytes: @Sendable (Double) -> String = { value in
    Quantity.bytes(Int(min(value.rounded(), 1e18)))
  }
}
