import Images

/// The statistics that `condense data stats` prints: counts, sizes and channel means.
public struct DatasetSummary: Sendable {
  /// A shape with the number of images that have it.
  public struct Size: Sendable {
    /// The channels, height and width.
    public let shape: InputShape
    /// The number of images of this shape.
    public let count: Int
  }

  /// The number of images, or of things in them, by class (outer) and split.
  public let counts: [[Split: Int]]
  /// The shapes, the most frequent first.
  public let sizes: [Size]
  /// The mean and the standard deviation of each channel over the training images, resized to `shape`.
  public let normalization: Normalization
  /// The most frequent size, with the channels of the set.
  public let shape: InputShape

  /// Counts and measures a data set; throws if an image cannot be read.
  public init(_ dataset: Dataset) throws(DatasetError) {
    var counts = Array(repeating: [Split: Int](), count: dataset.classes.count)
    var shapes: [InputShape: Int] = [:]
    for record in dataset.records {
      for label in record.annotation.classes { counts[label][record.split, default: 0] += 1 }
      shapes[InputShape(channels: record.channels, height: record.height, width: record.width), default: 0] +=
        1
    }
    self.counts = counts
    sizes = shapes.map { Size(shape: $0.key, count: $0.value) }.sorted {
      ($1.count, $0.shape.description) < ($0.count, $1.shape.description)
    }
    var shape = sizes.first?.shape ?? InputShape(channels: 1, height: 1, width: 1)
    shape.channels = dataset.channels
    self.shape = shape
    normalization = try dataset.statistics(
      dataset.count(of: .train) > 0 ? .train : dataset.records.first?.split ?? .train, input: shape)
  }
}
