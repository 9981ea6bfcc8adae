import Datasets
import Foundation
import Tensors

/// The input of the networks of a fit: what the images are, within what the device can hold.
enum FitInput {
  /// Images up to this side are taken as they are.
  private static let largestWhole = 48
  /// The shorter side to which larger images are brought.
  private static let usualSide = 64
  /// The share of the working memory that the image alone may take: the first values lie beside it.
  private static let shareOfMemory = 0.45
  /// The longer side is at most so many times the shorter one.
  private static let longest = 2.0

  /// `[C, H, W]` for images of a shape.
  ///
  /// - Parameters:
  ///   - side: pixels of the shorter side; `nil` chooses.
  ///   - ramBytes: the device's working memory, an image a byte an element; `nil` for no limit.
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
    // Sizes that strides of two divide lose no rows.
    func even(_ value: Double) -> Int { max(4, Int(value) / 4 * 4) }
    if isWhole { return [images.channels, images.height, images.width] }
    let (low, high) = (even(short), even(short * ratio))
    return height <= width ? [images.channels, low, high] : [images.channels, high, low]
  }
}
