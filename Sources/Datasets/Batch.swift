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
  /// The class of each image.
  public internal(set) var labels: [Int32]
  /// Which image of the data set each one is.
  public internal(set) var indices: [Int]
  /// Whether images were blended with their partners.
  public internal(set) var isMixed = false
  /// The class of each image's partner; equal to `labels` where nothing was blended.
  public internal(set) var partnerLabels: [Int32]
  /// The share of an image's own class in its target, the partner's having the rest; 1 where nothing was blended.
  public internal(set) var shares: [Float]

  /// A batch in memory that no loader fills: normalized images `[N, C, H, W]` with their classes.
  public convenience init(images: [Float], labels: [Int32]) {
    precondition(images.count.isMultiple(of: max(labels.count, 1)), "images of one size")
    self.init(capacity: labels.count, valuesPerImage: images.count / max(labels.count, 1))
    count = labels.count
    self.images = images
    self.labels = labels
    partnerLabels = labels
    indices = Array(labels.indices)
  }

  init(capacity: Int, valuesPerImage: Int) {
    images = Array(repeating: 0, count: capacity * valuesPerImage)
    labels = Array(repeating: 0, count: capacity)
    indices = Array(repeating: 0, count: capacity)
    partnerLabels = Array(repeating: 0, count: capacity)
    shares = Array(repeating: 1, count: capacity)
  }
}
