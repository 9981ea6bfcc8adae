public import Images

/// Reads a file of a data set again; one per thread.
protocol MemberReader: AnyObject {
  /// The bytes of the file at a path.
  func bytes(of path: String) throws(DatasetError) -> [UInt8]
}

/// Opens readers, one per thread.
protocol MemberOpener: Sendable {
  func open() throws(DatasetError) -> any MemberReader
}

/// Fetches single images of a data set at a wanted shape, from memory or by decoding again; one per thread.
final class ImageReader {
  private let dataset: Dataset
  private let decoder = ImageDecoder()
  private var members: (any MemberReader)?

  init(_ dataset: Dataset) { self.dataset = dataset }

  /// Puts an image into `image`, which has the wanted shape already.
  func read(_ index: Int, as input: InputShape, into image: inout Image) throws(DatasetError) {
    if let place = dataset.storedPlace(of: index, as: input) {
      dataset.store.copy(place, into: &image.pixels)
      return
    }
    let native = try self.image(index, atLeast: ImageSize(width: input.width, height: input.height))
    image = native.converted(toChannels: input.channels).resized(width: input.width, height: input.height)
  }

  /// An image as it is stored; one that is decoded again may come smaller, but not below `minimum`.
  func image(_ index: Int, atLeast minimum: ImageSize?) throws(DatasetError) -> Image {
    let record = dataset.records[index]
    guard dataset.isStreamed else {
      var pixels = [UInt8](repeating: 0, count: record.place.count)
      dataset.store.copy(record.place, into: &pixels)
      return Image(width: record.width, height: record.height, channels: record.channels, pixels: pixels)
    }
    guard let opener = dataset.opener else {
      throw .unreadable(path: record.path, reason: "its pixels are not in memory and its source is gone")
    }
    let members: any MemberReader
    if let opened = self.members { members = opened } else { members = try opener.open() }
    self.members = members
    var options = dataset.options.decoding
    options.minimumSize = minimum
    let bytes = try members.bytes(of: record.path)
    do throws(ImageError) {
      return try decoder.decode(bytes, options)
    } catch {
      throw .badFiles(
        path: dataset.path,
        problems: [FileProblem(file: record.path, kind: .unreadable, reason: error.description)])
    }
  }
}

extension Dataset {
  /// One image as a network of this input sees it, before normalization.
  public func image(at index: Int, as input: InputShape) throws(DatasetError) -> Image {
    var image = Image(
      width: input.width, height: input.height, channels: input.channels,
      pixels: Array(repeating: 0, count: input.count))
    try ImageReader(self).read(index, as: input, into: &image)
    return image
  }
}
