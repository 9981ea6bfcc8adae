import Datasets
import Foundation
import Tensors

/// The input of a fit's networks, chosen for the images and the device's memory.
enum FitInput {
  /// The largest side of images that are used at full size.
  private static let largestWhole = 48
  /// The shorter side to which larger images are reduced.
  private static let usualSide = 64
  /// The share of the working memory that the image may take, as the first values lie beside it.
  private static let shareOfMemory = 0.45
  /// The largest ratio of the longer side to the shorter.
  private static let longest = 2.0

  /// The input `[channels, height, width]` for images of a shape.
  ///
  /// `side` is the shorter side in pixels, or `nil` to choose it. `ramBytes` is the device's working memory,
  /// where an image takes one byte per element; `nil` is no limit.
  static func shape(of images: InputShape, side: Int?, ramBytes: Int?) -> Shape {
    let (height, width) = (Double(max(1, images.height)), Double(max(1, images.width)))
    let shorter = min(height, width)
    let ratio = min(max(height, width) / shorter, longest)
    var short = shorter
    if let side {
      short = Double(side)
    } else if max(height, width) > Double(largestWhole) {
      short = min(Double(usualSide), shorter)
    }
    if side == nil, let ramBytes {
      let most = Double(ramBytes) * shareOfMemory / Double(images.channels)
      if short * short * ratio > most { short = max(8, (most / ratio).squareRoot().rounded(.down)) }
    }
    let isWhole = short == shorter && max(height, width) <= Double(largestWhole)
    // With multiples of four, two layers of stride 2 lose no rows.
    func even(_ value: Double) -> Int { max(4, Int(value) / 4 * 4) }
    if isWhole { return [images.channels, images.height, images.width] }
    let (low, high) = (even(short), even(short * ratio))
    return height <= width ? [images.channels, low, high] : [images.channels, high, low]
  }
}
