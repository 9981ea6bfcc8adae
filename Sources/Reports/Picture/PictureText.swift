/// Estimates of text widths without a font.
enum PictureText {
  /// An upper bound for the width of a text at a size, from the glyphs of DejaVu Sans, one of the widest
  /// common fonts.
  static func width(_ text: String, size: Double) -> Double {
    size * text.reduce(0) { $0 + ems($1) }
  }

  private static func ems(_ character: Character) -> Double {
    if TerminalText.columns(String(character)) > 1 { return 1.3 }
    return switch character {
    case "i", "j", "l", "I", "|", "'", ".", ",", ":", ";", " ", "!": 0.34
    case "t", "f", "r", "-", "(", ")", "[", "]": 0.43
    case "m", "M", "W", "%", "@", "…": 1.02
    case "w", "Q", "O", "G", "D", "H", "N", "U", "+", "=", "±", "−", "<", ">", "~": 0.86
    case "A"..."Z": 0.76
    case "a"..."z", "0"..."9", "_", "/": 0.65
    default: 1
    }
  }
}
