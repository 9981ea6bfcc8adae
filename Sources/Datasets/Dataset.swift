public import Images
import Tensors

/// An opened data set: its classes, its images in a stable order, their splits, and their pixels where they fit.
///
///     var options = DatasetOptions()
///     options.imageSize = ImageSize(width: 32, height: 32)
///     let data = try Dataset.open("photos.tar.gz", options: options)
///     print(data.classes, data.count(of: .train), data.splitDescription)
public struct Dataset: Sendable {
  /// The most classes that a set may have: tables of classes by classes stay within memory.
  public static let maximumClasses = 10_000

  /// One image of the set.
  public struct Record: Sendable {
    /// The path inside the data set.
    public let path: String
    /// Its class.
    public let annotation: Annotation
    /// Its split.
    public let split: Split
    /// The size of the image before it was brought to another; `nil` where that does not matter.
    public var original: ImageSize?
    /// Columns as stored.
    public var width: Int { Int(place.width) }
    /// Rows as stored.
    public var height: Int { Int(place.height) }
    /// 1 or 3, as stored.
    public var channels: Int { Int(place.channels) }
    let place: PixelPlace
  }

  /// What the user called it.
  public let path: String
  /// The class names, sorted bytewise; a label is an index into them.
  public let classes: [String]
  /// Every image, ordered by (split, class, path).
  public let records: [Record]
  /// The SHA-256 of what the set contains, hexadecimal: independent of order, container and place.
  public let digest: String
  /// How the splits came about.
  public let splitDescription: SplitDescription
  /// Files that could not be read and were left out.
  public let problems: [FileProblem]
  /// What should be said aloud about the set.
  public let messages: [String]
  /// Augmentations that make sense for this data, by its manifest; `nil` where it says nothing.
  public let allowedAugmentations: [String]?
  /// Whether decoded pixels are held, or decoded whenever they are used.
  public var isStreamed: Bool { if case .none = store { true } else { false } }

  let store: PixelStore
  let opener: (any MemberOpener)?
  let options: DatasetOptions

  /// The number of images of a split.
  public func count(of split: Split) -> Int { splitDescription.counts[split] ?? 0 }

  /// The positions in `records` of a split's images; all of them for `nil`.
  public func indices(of split: Split?) -> [Int] {
    guard let split else { return Array(records.indices) }
    return records.indices.filter { records[$0].split == split }
  }

  /// Whether it says where things are in images, instead of what images show.
  public var hasBoxes: Bool { records.contains { $0.annotation.label == nil } }

  /// 1 when every image is grey, else 3.
  public var channels: Int { records.contains { $0.channels == 3 } ? 3 : 1 }

  /// The size and channels of every image, where all are alike.
  public var uniformShape: InputShape? {
    guard let first = records.first else { return nil }
    let isUniform = records.allSatisfy {
      $0.place.width == first.place.width && $0.place.height == first.place.height
        && $0.place.channels == first.place.channels
    }
    return isUniform ? InputShape(channels: first.channels, height: first.height, width: first.width) : nil
  }

  /// Where an image's samples lie if they are stored just as a network takes them.
  func storedPlace(of index: Int, as input: InputShape) -> PixelPlace? {
    if case .none = store { return nil }
    let place = records[index].place
    let fits =
      Int(place.width) == input.width && Int(place.height) == input.height
      && Int(place.channels) == input.channels
    return fits ? place : nil
  }
}
