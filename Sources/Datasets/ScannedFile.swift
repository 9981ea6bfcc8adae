import Images

/// The findings about one file of a data set; order, class and split follow later from all paths together.
struct ScannedFile: Sendable, Equatable {
  /// The path inside the data set, with `/` between folders.
  var path: String
  /// The SHA-256 of the file's bytes.
  var digest = ContentDigest()
  /// The format of the content; `nil` for a file that is no image.
  var format: ImageFormat?
  /// The size as decoded and, if pixels are held, their place.
  var place = PixelPlace()
  /// The image's size before it was resized.
  var original = ImageSize(width: 0, height: 0)
  /// The content of a file that may hold box annotations; else `nil`.
  var text: [UInt8]?
  /// The size of the file in bytes.
  var byteCount = 0
  /// The SHA-256 of the decoded pixels; `nil` unless pixels are inspected.
  var pixelDigest: ContentDigest?
  /// True if all pixels are equal; always false unless pixels are inspected.
  var isFlat = false
  /// The reason why the file cannot be decoded; `nil` if it can.
  var problem: String?

  /// A message about an extension of another format than the content; `nil` if they agree.
  var misnaming: String? {
    guard let format, let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return nil }
    let said = path[path.index(after: dot)...].lowercased()
    guard !format.extensions.contains(said) else { return nil }
    return "named .\(said), but its content is \(format.rawValue.uppercased())"
  }
}

/// The files of a source in the source's order, with their pixels.
struct Scan: Sendable {
  var files: [ScannedFile] = []
  var folders: [String] = []
  var store = PixelStore.none
  /// Notes on the way in which the source was read.
  var messages: [String] = []
  /// The opener of the files, for a source that knows it from reading; else `nil`.
  var opener: (any MemberOpener)?
}
