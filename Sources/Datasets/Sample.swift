public import Images

/// What is known about one image.
///
/// Classification knows a class; boxes will stand beside it.
public struct Annotation: Sendable, Equatable {
  /// The class as an index into `Dataset.classes`.
  public var label: Int

  /// Makes an annotation.
  public init(label: Int) { self.label = label }
}

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
