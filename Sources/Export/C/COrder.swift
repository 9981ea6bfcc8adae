import Tensors

/// The order of a value's elements in memory.
///
/// Networks count elements row-major with channels first; cameras and kernels use channels last. A value of
/// features that an image was flattened to keeps the image's order, so that nothing is moved: linear layers
/// reorder their weights instead.
enum COrder: Sendable, Hashable {
  /// The order of the network.
  case rowMajor
  /// `pixels` pixels with `channels` channels each; the channels of a pixel are adjacent.
  case channelsLast(channels: Int, pixels: Int)

  /// The order in which a value of a shape is stored: channels last for `[channels, height, width]`.
  init(_ shape: Shape) {
    let channels = shape.dimensions.first ?? 1
    let pixels = shape.dimensions.dropFirst().reduce(1, *)
    // With one channel or one pixel both orders are the same.
    self =
      shape.rank < 2 || channels == 1 || pixels == 1
      ? .rowMajor : .channelsLast(channels: channels, pixels: pixels)
  }

  /// For each position in memory, the index of its element in the network's order.
  func elements(_ count: Int) -> [Int] {
    switch self {
    case .rowMajor: return Array(0..<count)
    case .channelsLast(let channels, let pixels):
      return (0..<pixels).flatMap { pixel in (0..<channels).map { $0 * pixels + pixel } }
    }
  }

  /// Rearranges values from the network's order to the order in memory.
  func arranged<Element>(_ values: [Element]) -> [Element] { elements(values.count).map { values[$0] } }
}
