import Images

/// What one look at a file of a data set found; order and meaning come later, from all paths together.
struct ScannedFile: Sendable, Equatable {
  /// The path inside the data set, folders separated by `/`.
  var path: String
  /// SHA-256 of the file's bytes.
  var digest = ContentDigest()
  /// The format its content has; `nil` for a file that is no image.
  var format: ImageFormat?
  /// The size as decoded and, where pixels are kept, where they lie.
  var place = PixelPlace()
  /// The image's size before it was brought to another.
  var original = ImageSize(width: 0, height: 0)
  /// The content of a file that may say where things are in images.
  var text: [UInt8]?
  /// Size of the file, in bytes.
  var byteCount = 0
  /// SHA-256 of the decoded pixels, where pixels are inspected.
  var pixelDigest: ContentDigest?
  /// Whether all pixels are alike; only told where pixels are inspected.
  var isFlat = false
  /// Why its pixels cannot be had.
  var problem: String?

  /// Whether the name's extension says another format than the content: what to say about it.
  var misnaming: String? {
    guard let format, let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return nil }
    let said = path[path.index(after: dot)...].lowercased()
    guard !format.extensions.contains(said) else { return nil }
    return "named .\(said), but its content is \(format.rawValue.uppercased())"
  }
}

/// All files of a source, in the order in which the source has them, and their pixels.
struct Scan: Sendable {
  var files: [ScannedFile] = []
  var folders: [String] = []
  var store = PixelStore.none
}
