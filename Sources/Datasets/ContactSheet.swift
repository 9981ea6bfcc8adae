public import Images
import Tensors

/// A picture of example images of a data set, one row per class in the order of the classes.
///
/// For data with boxes, a row shows images with a thing of the class, and every thing has a frame in its
/// class's colour.
public struct ContactSheet: Sendable {
  /// The most images in a row.
  public var columns = 16
  /// The most rows; further classes are left out.
  public var rows = 40
  /// The longer side of one image on the sheet in pixels; doubled for data with boxes.
  public var tile = 64
  /// The seed that decides which images are chosen.
  public var seed: UInt64 = 0

  /// Makes the settings with their defaults: 16 columns, 40 rows, tiles of 64 pixels, seed 0.
  public init() {}

  /// Draws the sheet; throws if an image cannot be read.
  public func image(of dataset: Dataset) throws(DatasetError) -> Image {
    guard dataset.hasBoxes else { return try drawn(dataset) }
    var sheet = self
    (sheet.tile, sheet.columns) = (2 * tile, max(1, columns / 2))
    return try sheet.drawn(dataset)
  }

  private func drawn(_ dataset: Dataset) throws(DatasetError) -> Image {
    var byClass = Array(repeating: [Int](), count: min(rows, dataset.classes.count))
    for (index, record) in dataset.records.enumerated() {
      for label in Set(record.annotation.classes) where label < byClass.count {
        byClass[label].append(index)
      }
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
        let (left, top) = (gap + column * step, gap + row * step)
        let shown = fitted(image)
        Self.paste(shown, into: &sheet, left: left, top: top)
        let record = dataset.records[index]
        let scale = Float(shown.width) / Float(record.width)
        for thing in record.annotation.things {
          sheet.drawFrame(
            left: left + Int((thing.box.left * scale).rounded()),
            top: top + Int((thing.box.top * scale).rounded()),
            right: left + Int((thing.box.right * scale).rounded()),
            bottom: top + Int((thing.box.bottom * scale).rounded()), color: Image.markColor(thing.label))
        }
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

  /// Returns the image resized to fit into a tile, its aspect kept.
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
