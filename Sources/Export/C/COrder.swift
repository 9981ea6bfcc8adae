import Tensors

/// How the elements of a value lie in memory.
///
/// Networks count elements row-major with channels first; cameras and kernels want channels last. A value of features that
/// an image was flattened to keeps the image's order, so that nothing is moved: linear layers reorder their weights instead.
enum COrder: Sendable, Hashable {
  /// As the network counts them.
  case rowMajor
  /// Those of `pixels` pixels of `channels` channels, the channels of a pixel side by side.
  case channelsLast(channels: Int, pixels: Int)

  /// The order in which a value of a shape is kept: `[C, H, W]` with channels last.
  init(_ shape: Shape) {
    let channels = shape.dimensions.first ?? 1
    let pixels = shape.dimensions.dropFirst().reduce(1, *)
    // With one channel or one pixel: both orders are the same.
    self =
      shape.rank < 2 || channels == 1 || pixels == 1
      ? .rowMajor : .channelsLast(channels: channels, pixels: pixels)
  }

  /// By place in memory, the element that lies there as the network counts.
  func elements(_ count: Int) -> [Int] {
    switch self {
    case .rowMajor: return Array(0..<count)
    case .channelsLast(let channels, let pixels):
      return (0..<pixels).flatMap { pixel in (0..<channels).map { $0 * pixels + pixel } }
    }
  }

  /// Values counted by the network, as they lie in memory.
  func arranged<Element>(_ values: [Element]) -> [Element] { elements(values.count).map { values[$0] } }
}
