/// The reason for which bytes are no image, or an image cannot be written.
///
/// The caller adds the file.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  /// The bytes begin like no supported format.
  case unknownFormat(firstBytes: [UInt8])
  /// The file is an image of another format, which is given by its usual name.
  case foreignFormat(String)
  /// The decoder stopped or warned, so the pixels cannot be trusted.
  case damaged(ImageFormat, reason: String)
  /// The header declares more pixels than the limit.
  case tooLarge(ImageFormat, width: Int, height: Int, maximumPixels: Int)
  /// An image could not be encoded.
  case notEncodable(ImageFormat, width: Int, height: Int, reason: String)

  /// The message: what was expected, what was found, and a remedy.
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
