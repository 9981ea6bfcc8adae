// SAFETY: a batch belongs to exactly one side at a time: a preparing thread until it is handed over under the
// loader's lock, then the consumer until its next call of `next()`.

/// One prepared batch: normalized images and what is known about them.
///
/// The loader owns it and fills it again: it is the consumer's from one `next()` until the following call.
public final class Batch: @unchecked Sendable {
  /// Where the batch stands in its epoch.
  public internal(set) var step = 0
  /// How many images it holds; the last one of an epoch may hold fewer than the others.
  public internal(set) var count = 0
  /// Normalized images `[N, C, H, W]`, contiguous; only the first `count` images mean anything.
  public internal(set) var images: [Float]
  /// What is known about each image, as augmentations left it.
  public internal(set) var annotations: [Annotation]
  /// Which image of the data set each one is.
  public internal(set) var indices: [Int]
  /// Whether images were blended with their partners.
  public internal(set) var isMixed = false
  /// What is known about each image's partner; equal to `annotations` where nothing was blended.
  public internal(set) var partners: [Annotation]
  /// The share of an image's own pixels in what is shown, the partner's having the rest; 1 where nothing was blended.
  public internal(set) var shares: [Float]

  /// A batch in memory that no loader fills: normalized images `[N, C, H, W]` with what is known about them.
  public convenience init(images: [Float], annotations: [Annotation]) {
    let count = annotations.count
    precondition(images.count.isMultiple(of: max(count, 1)), "images of one size")
    self.init(capacity: count, valuesPerImage: images.count / max(count, 1))
    self.count = count
    self.images = images
    self.annotations = annotations
    partners = annotations
    indices = Array(annotations.indices)
  }

  init(capacity: Int, valuesPerImage: Int) {
    images = Array(repeating: 0, count: capacity * valuesPerImage)
    annotations = Array(repeating: .label(0), count: capacity)
    indices = Array(repeating: 0, count: capacity)
    partners = annotations
    shares = Array(repeating: 1, count: capacity)
  }
}
