import Images

/// What `condense data stats` tells of a data set: counts, sizes, channel means.
public struct DatasetSummary: Sendable {
  /// How often a shape occurs.
  public struct Size: Sendable {
    /// Rows, columns, channels.
    public let shape: InputShape
    /// How many images have it.
    public let count: Int
  }

  /// Images, or things in them, of each class (outer) and split.
  public let counts: [[Split: Int]]
  /// The shapes, most frequent first.
  public let sizes: [Size]
  /// Mean and deviation of each channel over the training images, at the most frequent size.
  public let normalization: Normalization
  /// The shape at which these were taken.
  public let shape: InputShape

  /// Counts and measures a data set.
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
