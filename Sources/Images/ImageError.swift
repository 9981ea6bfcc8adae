/// Why bytes are not an image, or an image could not be written.
///
/// The caller adds which file.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  /// The bytes start like no format that is read here.
  case unknownFormat(firstBytes: [UInt8])
  /// An image of a known format that is not read here, by its usual name.
  case foreignFormat(String)
  /// The decoder stopped, or warned: the pixels cannot be trusted.
  case damaged(ImageFormat, reason: String)
  /// The header declares more pixels than the limit.
  case tooLarge(ImageFormat, width: Int, height: Int, maximumPixels: Int)
  /// An image could not be encoded.
  case notEncodable(ImageFormat, width: Int, height: Int, reason: String)

  /// What was expected, what was found, what to do.
  public var description: String {
    switch self {
    case .unknownFormat(let bytes):
      let start = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
      return "expected PNG or JPEG data, found "
        + (bytes.isEmpty ? "an empty file" : "a file that starts with \(start)") + "; convert or remove it"
    case .foreignFormat(let name):
      return
        "expected PNG or JPEG data, found a \(name) image, whatever the file's name says; convert it to PNG, "
        + "or remove it"
    case .damaged(let format, let reason):
      return "expected a sound \(format.rawValue.uppercased()) file, found damage: \(reason); "
        + "replace or remove it"
    case .tooLarge(let format, let width, let height, let maximum):
      return "expected at most \(maximum) pixels, found a \(format.rawValue.uppercased()) header that "
        + "declares \(width)x\(height); shrink the image or remove it"
    case .notEncodable(let format, let width, let height, let reason):
      return "an image of \(width)x\(height) cannot be written as \(format.rawValue.uppercased()): \(reason)"
    }
  }
}
