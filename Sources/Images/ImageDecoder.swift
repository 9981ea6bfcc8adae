/// Decodes PNG and JPEG files, and keeps its memory from one file to the next; each thread needs its own.
///
/// - Every PNG is read: 16 bits are rounded to 8, and transparency is composited over
///   `DecodeOptions.alphaBackground`.
/// - Every baseline or progressive JPEG of 1, 3 or 4 components is read; CMYK and YCCK are taken to have
///   inverted inks, as Adobe writes them and practically all such files have.
/// - Color profiles and gamma are ignored. Palette images have three channels.
/// - Pictures are turned upright by their EXIF orientation, from a JPEG's segment or a PNG's eXIf chunk.
/// - Any warning of libpng or libjpeg is damage, except those that cannot change a pixel: about color
///   profiles, JFIF's revision, and bytes between segments or behind the compressed pixels. Bytes after the
///   end of the image are not damage; a missing end is.
///
/// ```swift
/// let decoder = ImageDecoder()
/// for file in files { images.append(try decoder.decode(file)) }
/// ```
public final class ImageDecoder {
  private var png: PNGReader?
  private var jpeg: JPEGReader?

  /// Makes a decoder, which allocates memory for its first file.
  public init() {}

  /// The description of the picture in a file's header.
  ///
  /// No pixel is read, and no limit applies.
  public func header(_ bytes: Span<UInt8>) throws(ImageError) -> ImageHeader {
    try unsafe bytes.withUnsafeBytes { (file) throws(ImageError) in
      switch try format(of: bytes) {
      case .png:
        let reader = try pngReader()
        defer { reader.cancel() }
        return try unsafe reader.begin(file).uprighted(from: Exif(file).orientation(in: .png))
      case .jpeg:
        let reader = try jpegReader()
        defer { reader.cancel() }
        return try unsafe reader.begin(file).uprighted(from: Exif(file).orientation(in: .jpeg))
      }
    }
  }

  /// The description of the picture in a file's header.
  public func header(_ bytes: [UInt8]) throws(ImageError) -> ImageHeader { try header(bytes.span) }

  /// Decodes a file, as `decode(_:_:)` does.
  public func decode(
    _ bytes: [UInt8], _ options: DecodeOptions = DecodeOptions()
  ) throws(ImageError) -> Image {
    try decode(bytes.span, options)
  }

  /// Decodes a file.
  ///
  /// **Throws** `ImageError` for an unknown format, a declared size beyond the limit, or any damage.
  public func decode(
    _ bytes: Span<UInt8>, _ options: DecodeOptions = DecodeOptions()
  ) throws(ImageError) -> Image {
    try unsafe bytes.withUnsafeBytes { (file) throws(ImageError) in
      switch try format(of: bytes) {
      case .png: return try unsafe decodePNG(file, options)
      case .jpeg: return try unsafe decodeJPEG(file, options)
      }
    }
  }

  /// Decodes a file into `pixels`, as an image of `width`, `height` and `channels`.
  ///
  /// A file of that shape is decoded in place; others are converted to the channels and resized. A larger
  /// JPEG is decoded at a reduced scale first. `pixels` must have `height * width * channels` samples; after
  /// an error their content is unspecified.
  public func decode(
    _ bytes: Span<UInt8>, into pixels: inout MutableSpan<UInt8>, width: Int, height: Int, channels: Int,
    _ options: DecodeOptions = DecodeOptions()
  ) throws(ImageError) {
    precondition(pixels.count == width * height * channels, "one sample each")
    let done = try unsafe pixels.withUnsafeMutableBufferPointer { (buffer) throws(ImageError) -> Bool in
      guard let target = buffer.baseAddress else { return true }
      let wanted = Shape(width: width, height: height, channels: channels)
      return try unsafe bytes.withUnsafeBytes { (file) throws(ImageError) in
        switch try format(of: bytes) {
        case .png: try unsafe fillPNG(file, target, wanted, options)
        case .jpeg: try unsafe fillJPEG(file, target, wanted, options)
        }
      }
    }
    if done { return }
    var options = options
    options.minimumSize = ImageSize(width: width, height: height)
    let found = try decode(bytes, options)
    let image = found.converted(toChannels: channels).resized(width: width, height: height)
    for i in 0..<image.pixels.count { pixels[i] = image.pixels[i] }
  }

  private struct Shape {
    let width: Int
    let height: Int
    let channels: Int

    func equals(_ header: ImageHeader) -> Bool {
      header.width == width && header.height == height && header.channels == channels
    }
  }

  private func fillPNG(
    _ file: UnsafeRawBufferPointer, _ target: UnsafeMutablePointer<UInt8>, _ wanted: Shape,
    _ options: DecodeOptions
  ) throws(ImageError) -> Bool {
    let reader = try pngReader()
    let header = try unsafe reader.begin(file)
    guard wanted.equals(header), unsafe Exif(file).orientation(in: .png) == .upright else {
      reader.cancel()
      return false
    }
    try unsafe reader.read(background: options.alphaBackground, into: target)
    return true
  }

  private func fillJPEG(
    _ file: UnsafeRawBufferPointer, _ target: UnsafeMutablePointer<UInt8>, _ wanted: Shape,
    _ options: DecodeOptions
  ) throws(ImageError) -> Bool {
    let reader = try jpegReader()
    let header = try unsafe reader.begin(file)
    guard wanted.equals(header), unsafe Exif(file).orientation(in: .jpeg) == .upright else {
      reader.cancel()
      return false
    }
    try unsafe reader.read(denominator: 1, into: target)
    return true
  }

  private func decodePNG(_ file: UnsafeRawBufferPointer, _ options: DecodeOptions) throws(ImageError) -> Image
  {
    let reader = try pngReader()
    let header = try unsafe reader.begin(file)
    try refuseIfTooLarge(header, options) { reader.cancel() }
    let count = header.width * header.height * header.channels
    let pixels = try unsafe Self.filled(count) { (target) throws(ImageError) in
      try unsafe reader.read(background: options.alphaBackground, into: target)
    }
    return Image(width: header.width, height: header.height, channels: header.channels, pixels: pixels)
      .uprighted(from: unsafe Exif(file).orientation(in: .png))
  }

  private func decodeJPEG(_ file: UnsafeRawBufferPointer, _ options: DecodeOptions) throws(ImageError)
    -> Image
  {
    let reader = try jpegReader()
    let header = try unsafe reader.begin(file)
    try refuseIfTooLarge(header, options) { reader.cancel() }
    let orientation = unsafe Exif(file).orientation(in: .jpeg)
    var minimum = options.minimumSize
    if orientation.swapsAxes, let size = minimum {
      minimum = ImageSize(width: size.height, height: size.width)
    }
    let denominator = reader.denominator(keeping: minimum)
    let size = reader.size(at: denominator)
    let count = size.width * size.height * header.channels
    let pixels = try unsafe Self.filled(count) { (target) throws(ImageError) in
      try unsafe reader.read(denominator: denominator, into: target)
    }
    return Image(width: size.width, height: size.height, channels: header.channels, pixels: pixels)
      .uprighted(from: orientation)
  }

  private func refuseIfTooLarge(
    _ header: ImageHeader, _ options: DecodeOptions, cancel: () -> Void
  ) throws(ImageError) {
    do throws(ImageError) {
      try options.admit(header)
    } catch {
      cancel()
      throw error
    }
  }

  private static func filled(
    _ count: Int, _ fill: (UnsafeMutablePointer<UInt8>) throws(ImageError) -> Void
  ) throws(ImageError) -> [UInt8] {
    var failure: ImageError?
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      guard let target = buffer.baseAddress else { return }
      do throws(ImageError) {
        try unsafe fill(target)
        filled = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return pixels
  }

  private func format(of bytes: Span<UInt8>) throws(ImageError) -> ImageFormat {
    if let format = ImageFormat.detect(bytes) { return format }
    if let name = ForeignFormat.detect(bytes) { throw .foreignFormat(name.rawValue) }
    throw .unknownFormat(firstBytes: (0..<min(8, bytes.count)).map { bytes[$0] })
  }

  private func pngReader() throws(ImageError) -> PNGReader {
    if let png { return png }
    guard let made = PNGReader() else { throw .damaged(.png, reason: "no memory left to read it with") }
    png = made
    return made
  }

  private func jpegReader() throws(ImageError) -> JPEGReader {
    if let jpeg { return jpeg }
    guard let made = JPEGReader() else { throw .damaged(.jpeg, reason: "no memory left to read it with") }
    jpeg = made
    return made
  }
}

/// A format of image files, detected by the first bytes and not by the name.
public enum ImageFormat: String, Sendable, CaseIterable {
  /// Portable Network Graphics.
  case png
  /// JPEG, baseline or progressive.
  case jpeg

  /// The format of a file that starts with these bytes (8 suffice); `nil` if it is none of these.
  public static func detect(_ bytes: Span<UInt8>) -> ImageFormat? {
    func starts(_ magic: [UInt8]) -> Bool {
      bytes.count >= magic.count && magic.indices.allSatisfy { bytes[$0] == magic[$0] }
    }
    if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    if starts([0xFF, 0xD8, 0xFF]) { return .jpeg }
    return nil
  }

  /// The format of a file that starts with these bytes; `nil` if it is none of these.
  public static func detect(_ bytes: [UInt8]) -> ImageFormat? { detect(bytes.span) }

  /// The usual extensions of this format's files, in lower case.
  public var extensions: [String] {
    switch self {
    case .png: ["png"]
    case .jpeg: ["jpg", "jpeg", "jpe", "jfif"]
    }
  }
}

/// The description of a picture in its file's header.
public struct ImageHeader: Sendable, Equatable {
  /// The format of the file.
  public let format: ImageFormat
  /// The number of pixels in a row, after orientation.
  public let width: Int
  /// The number of rows, after orientation.
  public let height: Int
  /// The number of channels of the decoded image: 1 (grey) or 3.
  public let channels: Int
  /// The number of columns and rows.
  public var size: ImageSize { ImageSize(width: width, height: height) }
}
