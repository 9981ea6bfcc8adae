public import Images

// SAFETY: a batch belongs to exactly one side at a time: a preparing thread until it is handed over under the
// loader's lock, then the consumer until its next call of `next()`.

/// One prepared batch: normalized images and their annotations.
///
/// The loader owns the batch and fills it again. It is the consumer's from one `next()` until the following
/// call.
public final class Batch: @unchecked Sendable {
  /// The number of the batch within its epoch, from 0.
  public internal(set) var step = 0
  /// The number of images in the batch; the last batch of an epoch may hold fewer than the others.
  public internal(set) var count = 0
  /// Normalized images `[batch, channels, height, width]`, contiguous; only the first `count` are valid.
  public internal(set) var images: [Float]
  /// The annotation of each image, after augmentation.
  public internal(set) var annotations: [Annotation]
  /// The size of each image as stored; `nil` where there is no such image.
  public internal(set) var sizes: [ImageSize?]
  /// The index of each image in the data set.
  public internal(set) var indices: [Int]
  /// True if images were blended with their partners.
  public internal(set) var isMixed = false
  /// The annotation of each image's partner; equal to `annotations` where nothing was blended.
  public internal(set) var partners: [Annotation]
  /// The share of an image's own pixels in the blend, the rest being its partner's; 1 where nothing was
  /// blended.
  public internal(set) var shares: [Float]

  /// Makes a batch from normalized images `[batch, channels, height, width]` and one annotation for each.
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
    sizes = Array(repeating: nil, count: capacity)
    indices = Array(repeating: 0, count: capacity)
    partners = annotations
    shares = Array(repeating: 1, count: capacity)
  }
}
