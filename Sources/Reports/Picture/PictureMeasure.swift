import Readings
import Runs

/// The quantity on the horizontal axis of a picture: any resource that is better if smaller, except RAM.
struct PictureMeasure: Sendable {
  /// The identifier for names of files and elements, such as `flash`.
  let id: String
  /// The text at the axis.
  let title: String
  /// The value of a row, which is drawn only if it is positive and finite; `nil` for none.
  let value: @Sendable (Ranking.Row, Reading?) -> Double?
  /// The value as text.
  let words: @Sendable (Double) -> String

  /// The measures for a target's resources, in the order in which they are drawn.
  static func onTarget(_ resources: [Resource]) -> [PictureMeasure] {
    resources.filter { $0.direction == .lower && $0 != .ram }.map { resource in
      let isOfImages = resource == .latency || resource == .energy
      return PictureMeasure(
        id: resource.name, title: resource.title + (isOfImages ? " of an image" : ""),
        value: { $1?[resource]?.value }, words: { Quantity.amount($0, resource.unit) })
    }
  }

  /// The measure for a run without targets.
  static let file = PictureMeasure(
    id: "file", title: "file, entropy-coded", value: { row, _ in Double(row.size.codedBytes) },
    words: { Quantity.amount($0, .bytes) })
}
