public import Images
import Tensors

/// A picture of some images of a data set: one row a class, in the order of the classes.
public struct ContactSheet: Sendable {
  /// The most images of a class.
  public var columns = 16
  /// The most rows; further classes are left out.
  public var rows = 40
  /// The longer side of one image on the sheet, in pixels.
  public var tile = 64
  /// Which images are chosen.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}

  /// Draws the sheet.
  public func image(of dataset: Dataset) throws(DatasetError) -> Image {
    var byClass = Array(repeating: [Int](), count: min(rows, dataset.classes.count))
    for (index, record) in dataset.records.enumerated() {
      guard let label = record.annotation.label, label < byClass.count else { continue }
      byClass[label].append(index)
    }
    let step = tile + gap
    let width = min(columns, byClass.map(\.count).max() ?? 0) * step + gap
    let height = byClass.count * step + gap
    var sheet = Image(
      width: width, height: height, channels: 3,
      pixels: Array(repeating: background, count: 3 * width * height))
    let reader = ImageReader(dataset)
    for (row, indices) in byClass.enumerated() {
      for (column, index) in chosen(indices, row).enumerated() {
        let image = try reader.image(index, atLeast: ImageSize(width: tile, height: tile))
        Self.paste(fitted(image), into: &sheet, left: gap + column * step, top: gap + row * step)
      }
    }
    return sheet
  }

  private var gap: Int { 4 }
  private var background: UInt8 { 40 }

  private func chosen(_ indices: [Int], _ row: Int) -> [Int] {
    var random = SeededRandom(seed: seed, purpose: "contact sheet", row)
    let order = random.permutation(indices.count)
    return order.prefix(columns).map { indices[$0] }
  }

  /// The image within the tile, its sides in proportion.
  private func fitted(_ image: Image) -> Image {
    let longer = max(image.width, image.height, 1)
    return image.converted(toChannels: 3).resized(
      width: max(1, image.width * tile / longer), height: max(1, image.height * tile / longer))
  }

  private static func paste(_ image: Image, into sheet: inout Image, left: Int, top: Int) {
    for y in 0..<image.height {
      let target = ((top + y) * sheet.width + left) * 3
      let source = y * image.width * 3
      for i in 0..<image.width * 3 { sheet.pixels[target + i] = image.pixels[source + i] }
    }
  }
}
