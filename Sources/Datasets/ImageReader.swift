public import Images

/// A reader that fetches files of a data set a second time; one per thread.
protocol MemberReader: AnyObject {
  /// Returns the bytes of the file at a path inside the data set.
  func bytes(of path: String) throws(DatasetError) -> [UInt8]
  /// Returns the bytes of the file at a path inside the data set, of which a scan noted the place.
  func bytes(of path: String, at place: PixelPlace) throws(DatasetError) -> [UInt8]
}

extension MemberReader {
  func bytes(of path: String, at place: PixelPlace) throws(DatasetError) -> [UInt8] { try bytes(of: path) }
}

/// A maker of readers, one per thread.
protocol MemberOpener: Sendable {
  /// Opens a reader.
  func open() throws(DatasetError) -> any MemberReader
}

/// A reader of single images in a given shape, from memory or decoded again; one per thread.
final class ImageReader {
  private let dataset: Dataset
  private let decoder = ImageDecoder()
  private var members: (any MemberReader)?

  init(_ dataset: Dataset) { self.dataset = dataset }

  /// Writes an image into `image`, which must have the shape `input`.
  func read(_ index: Int, as input: InputShape, into image: inout Image) throws(DatasetError) {
    if let place = dataset.storedPlace(of: index, as: input) {
      dataset.store.copy(place, into: &image.pixels)
      return
    }
    let native = try self.image(index, atLeast: ImageSize(width: input.width, height: input.height))
    image = native.converted(toChannels: input.channels).resized(width: input.width, height: input.height)
  }

  /// Returns an image as stored.
  ///
  /// If it has to be decoded, a JPEG file may be decoded at a reduced scale, but not below `minimum`.
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
    options.minimumSize = dataset.options.imageSize ?? minimum
    let bytes = try members.bytes(of: record.path, at: record.place)
    do throws(ImageError) {
      let image = try decoder.decode(bytes, options)
      // As when pixels are held: resized before anything else, so that no limit of memory changes a byte.
      guard let size = dataset.options.imageSize else { return image }
      return image.resized(width: size.width, height: size.height)
    } catch {
      throw .badFiles(
        path: dataset.path,
        problems: [FileProblem(file: record.path, kind: .unreadable, reason: error.description)])
    }
  }
}

extension Dataset {
  /// Returns one image with the channels and the size of `input`, before normalization.
  public func image(at index: Int, as input: InputShape) throws(DatasetError) -> Image {
    var image = Image(
      width: input.width, height: input.height, channels: input.channels,
      pixels: Array(repeating: 0, count: input.count))
    try ImageReader(self).read(index, as: input, into: &image)
    return image
  }
}
