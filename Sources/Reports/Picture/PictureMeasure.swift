import Readings
import Runs

/// What a picture draws accuracy against: every resource that is the better the less there is of it, but RAM.
struct PictureMeasure: Sendable {
  /// `flash`, a word for names of files and elements.
  let id: String
  /// What the axis says.
  let title: String
  /// A row's value; `nil` where there is none. Only positive, finite values are drawn.
  let value: @Sendable (Ranking.Row, Reading?) -> Double?
  /// The value for people.
  let words: @Sendable (Double) -> String

  /// The measures of a target that tells of these resources, in the order in which they are drawn.
  static func onTarget(_ resources: [Resource]) -> [PictureMeasure] {
    resources.filter { $0.direction == .lower && $0 != .ram }.map { resource in
      let isOfImages = resource == .latency || resource == .energy
      return PictureMeasure(
        id: resource.name, title: resource.title + (isOfImages ? " of an image" : ""),
        value: { $1?[resource]?.value }, words: { Quantity.amount($0, resource.unit) })
    }
  }

  /// The measure where a run has no targets.
  static let file = PictureMeasure(
    id: "file", title: "file, entropy-coded", value: { row, _ in Double(row.size.codedBytes) },
    words: { Quantity.amount($0, .bytes) })
}
