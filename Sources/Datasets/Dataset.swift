public import Images
import Tensors

/// An opened data set: classes, images in a stable order, splits, and the pixels if they fit into memory.
///
///     var options = DatasetOptions()
///     options.imageSize = ImageSize(width: 32, height: 32)
///     let data = try Dataset.open("photos.tar.gz", options: options)
///     print(data.classes, data.count(of: .train), data.splitDescription)
public struct Dataset: Sendable {
  /// The most classes that a set may have, so that tables of classes by classes stay within memory.
  public static let maximumClasses = 10_000

  /// One image of the set.
  public struct Record: Sendable {
    /// The path inside the data set.
    public let path: String
    /// The class of the image, or the things in it, in pixels as stored.
    public let annotation: Annotation
    /// The split.
    public let split: Split
    /// The size before the image was resized; `nil` where it was not recorded.
    public var original: ImageSize?
    /// The width as stored, in pixels.
    public var width: Int { Int(place.width) }
    /// The height as stored, in pixels.
    public var height: Int { Int(place.height) }
    /// The number of channels as stored, 1 or 3.
    public var channels: Int { Int(place.channels) }
    let place: PixelPlace
  }

  /// The name or path by which the set was opened.
  public let path: String
  /// The class names, sorted by their bytes; a label is an index into them.
  public let classes: [String]
  /// The images, ordered by (split, class, path), or by (split, path) if they have boxes.
  public let records: [Record]
  /// The SHA-256 of the set's content as hexadecimal digits; independent of order, container and place.
  public let digest: String
  /// The origin of the splits, with their sizes.
  public let splitDescription: SplitDescription
  /// The files that could not be used and were left out.
  public let problems: [FileProblem]
  /// Notes for the user, such as the way in which folders were understood.
  public let messages: [String]
  /// The names of the augmentations that fit this data, by its manifest; `nil` without a manifest.
  public let allowedAugmentations: [String]?
  /// True if pixels are not held but decoded whenever they are used.
  public var isStreamed: Bool { if case .none = store { true } else { false } }

  let store: PixelStore
  let opener: (any MemberOpener)?
  let options: DatasetOptions

  /// Returns the number of images of a split.
  public func count(of split: Split) -> Int { splitDescription.counts[split] ?? 0 }

  /// Returns the positions in `records` of a split's images; all positions for `nil`.
  public func indices(of split: Split?) -> [Int] {
    guard let split else { return Array(records.indices) }
    return records.indices.filter { records[$0].split == split }
  }

  /// True if the annotations are boxes of things instead of one class per image.
  public var hasBoxes: Bool { records.contains { $0.annotation.label == nil } }

  /// The number of channels: 1 if every image is grey, else 3.
  public var channels: Int { records.contains { $0.channels == 3 } ? 3 : 1 }

  /// The shape of the images; `nil` if they differ.
  public var uniformShape: InputShape? {
    guard let first = records.first else { return nil }
    let isUniform = records.allSatisfy {
      $0.place.width == first.place.width && $0.place.height == first.place.height
        && $0.place.channels == first.place.channels
    }
    return isUniform ? InputShape(channels: first.channels, height: first.height, width: first.width) : nil
  }

  /// Returns the place of an image's stored pixels if they have the shape that a network takes; else `nil`.
  func storedPlace(of index: Int, as input: InputShape) -> PixelPlace? {
    if case .none = store { return nil }
    let place = records[index].place
    let fits =
      Int(place.width) == input.width && Int(place.height) == input.height
      && Int(place.channels) == input.channels
    return fits ? place : nil
  }
}
