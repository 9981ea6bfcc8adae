import Tensors

/// The layout of a value's bytes: pixel after pixel, with the channels of each together.
///
/// `[C, H, W]` has H·W pixels of C channels, `[F]` one pixel of F channels. A byte is the integer plus 128.
struct ByteLayout: Equatable {
  let pixels: Int
  let channels: Int

  init(_ shape: Shape) {
    channels = shape.rank > 0 ? shape[0] : 1
    pixels = shape.count / max(channels, 1)
  }

  var count: Int { pixels * channels }

  /// The place of an element with a row-major index.
  func place(ofRowMajor index: Int) -> Int { index % pixels * channels + index / pixels }

  /// The row-major index of a place.
  func rowMajor(ofPlace place: Int) -> Int { place % channels * pixels + place / channels }
}
