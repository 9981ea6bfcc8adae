/// Recognizes common files by their first bytes, for messages about files that are no models.
public enum FileKind {
  /// The first bytes of a student file; no text begins with the first one.
  public static let studentSignature: [UInt8] = [0x8C] + Array("NDS".utf8)

  private static let signatures: [(bytes: [UInt8], name: String)] = [
    (studentSignature, "a student file"),
    ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
    ([0xFF, 0xD8, 0xFF], "a JPEG image"),
    ([0x50, 0x4B, 0x03, 0x04], "a zip archive (PyTorch's .pt files are such)"),
    ([0x1F, 0x8B], "gzip data"),
    (Array("GGUF".utf8), "a GGUF file"),
    (Array("\u{89}HDF".unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }), "an HDF5 file"),
    ([0x7F, 0x45, 0x4C, 0x46], "a program"),
    (Array("{".utf8), "JSON text"),
  ]

  /// The kind of file in words; `unknown data` if nothing matches.
  public static func description(of bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "an empty file" }
    if let match = signatures.first(where: { bytes.starts(with: $0.bytes) }) { return match.name }
    if bytes.dropFirst(4).starts(with: "TFL3".utf8) { return "a TFLite model" }
    if bytes.starts(with: [0x08]), bytes.count > 16 { return "an ONNX model or other protobuf data" }
    if bytes.count <= 8 { return "\(bytes.count) bytes" }
    let isText = bytes.prefix(64).allSatisfy {
      $0 == 0x0A || $0 == 0x0D || $0 == 0x09 || (0x20..<0x7F).contains($0)
    }
    return isText ? "text" : "unknown data"
  }
}
