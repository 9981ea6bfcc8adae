/// A kind of image file, told by its first bytes and never by its name.
public enum ImageFormat: String, Sendable, CaseIterable {
  /// Portable Network Graphics.
  case png
  /// JPEG, baseline or progressive.
  case jpeg

  /// The format of a file that starts with these bytes (8 suffice), or nil if it is none of these.
  public static func detect(_ bytes: Span<UInt8>) -> ImageFormat? {
    func starts(_ magic: [UInt8]) -> Bool {
      bytes.count >= magic.count && magic.indices.allSatisfy { bytes[$0] == magic[$0] }
    }
    if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    if starts([0xFF, 0xD8, 0xFF]) { return .jpeg }
    return nil
  }

  /// The format of a file that starts with these bytes, or nil.
  public static func detect(_ bytes: [UInt8]) -> ImageFormat? { detect(bytes.span) }

  /// The name extensions that files of this format commonly bear, in lower case.
  public var extensions: [String] {
    switch self {
    case .png: ["png"]
    case .jpeg: ["jpg", "jpeg", "jpe", "jfif"]
    }
  }
}

/// What a file says of its picture, without any pixel read.
public struct ImageHeader: Sendable, Equatable {
  /// The kind of file.
  public let format: ImageFormat
  /// Pixels a row, once the orientation is applied.
  public let width: Int
  /// Rows, once the orientation is applied.
  public let height: Int
  /// Channels of the decoded image: 1 (grey) or 3.
  public let channels: Int
}
