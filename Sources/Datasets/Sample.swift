public import Images

/// One image with its annotation: what a loader yields and augmentations transform together.
public struct Sample: Sendable {
  /// The pixels.
  public var image: Image
  /// What is known about them.
  public var annotation: Annotation
  private var spare: [UInt8] = []

  /// Makes a sample.
  public init(image: Image, annotation: Annotation) {
    self.image = image
    self.annotation = annotation
  }

  /// Moves the boxes as `redraw` has moved what they are around, by where each point of the image goes.
  ///
  /// **Formula** the smallest upright box around the moved corners, cut off at the image's edges. A box of which less than
  /// `LabelledBox.leastVisibleShare` is left goes.
  public mutating func moveBoxes(_ place: (_ x: Float, _ y: Float) -> (x: Float, y: Float)) {
    guard case .boxes(let boxes) = annotation else { return }
    let (width, height) = (Float(image.width), Float(image.height))
    annotation = .boxes(
      boxes.compactMap { box in
        let moved = box.box.moved(place)
        let visible = moved.clipped(width: width, height: height)
        guard visible.area > 0, visible.area >= LabelledBox.leastVisibleShare * moved.area else { return nil }
        var box = box
        box.box = visible
        return box
      })
  }

  /// Draws new pixels of the same size from the present ones; the two buffers swap places, so that nothing is
  /// allocated after the first call.
  ///
  /// `body` gets the present pixels and room for the new ones, whose content it must not rely on.
  public mutating func redraw(_ body: (_ old: Span<UInt8>, _ new: inout MutableSpan<UInt8>) -> Void) {
    var fresh: [UInt8] = []
    swap(&fresh, &spare)
    if fresh.count != image.pixels.count { fresh = Array(repeating: 0, count: image.pixels.count) }
    var new = fresh.mutableSpan
    body(image.pixels.span, &new)
    swap(&image.pixels, &fresh)
    swap(&spare, &fresh)
  }
}
