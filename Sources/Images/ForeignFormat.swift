/// Image formats that are not supported, so that such a file can be refused by its format's name.
public enum ForeignFormat: String, Sendable, CaseIterable {
  /// Graphics Interchange Format.
  case gif = "GIF"
  /// Windows bitmap.
  case bmp = "BMP"
  /// WebP.
  case webp = "WebP"
  /// Tag Image File Format.
  case tiff = "TIFF"
  /// High Efficiency Image File Format, or AVIF in the same container.
  case heif = "HEIF or AVIF"
  /// JPEG 2000.
  case jpeg2000 = "JPEG 2000"
  /// JPEG XL.
  case jpegXL = "JPEG XL"
  /// Photoshop document.
  case photoshop = "Photoshop"

  /// The format of a file that starts with these bytes (32 suffice); `nil` if it is none of these.
  public static func detect(_ bytes: Span<UInt8>) -> ForeignFormat? {
    func holds(_ text: String, at start: Int = 0) -> Bool {
      let wanted = Array(text.utf8)
      return bytes.count >= start + wanted.count
        && wanted.indices.allSatisfy { bytes[start + $0] == wanted[$0] }
    }
    func starts(_ magic: [UInt8]) -> Bool {
      bytes.count >= magic.count && magic.indices.allSatisfy { bytes[$0] == magic[$0] }
    }
    if holds("GIF87a") || holds("GIF89a") { return .gif }
    // Text may begin with "BM" too, so the size of the header must be one that exists.
    if holds("BM"), bytes.count >= 18, [12, 16, 40, 52, 56, 64, 108, 124].contains(bytes[14]),
      (15..<18).allSatisfy({ bytes[$0] == 0 })
    {
      return .bmp
    }
    if holds("RIFF"), holds("WEBP", at: 8) { return .webp }
    if starts([0x49, 0x49, 42, 0]) || starts([0x4D, 0x4D, 0, 42]) || starts([0x49, 0x49, 43, 0]) {
      return .tiff
    }
    if holds("ftyp", at: 4),
      ["heic", "heix", "mif1", "msf1", "hevc", "avif", "avis"].contains(where: { holds($0, at: 8) })
    {
      return .heif
    }
    if starts([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20]) || starts([0xFF, 0x4F, 0xFF, 0x51]) {
      return .jpeg2000
    }
    if starts([0xFF, 0x0A]) && bytes.count > 2 || starts([0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20]) {
      return .jpegXL
    }
    if holds("8BPS") { return .photoshop }
    return nil
  }
}
