/// The text of a C file as bytes: lines, and arrays wrapped at 100 columns.
///
/// In code `@_` stands for the network's name and an underscore, and `@@_` for the same in capitals: `@_run`
/// becomes `network_run`.
struct CWriter {
  /// The network's name.
  let name: String
  private let upperCase: String
  private(set) var bytes: [UInt8] = []

  /// Makes an empty text.
  init(name: String) {
    self.name = name
    upperCase = name.uppercased()
  }

  /// The code with the network's name inserted.
  func named(_ code: String) -> String {
    guard code.contains("@") else { return code }
    return code.replacing("@@_", with: upperCase + "_").replacing("@_", with: name + "_")
  }

  /// Appends code and ends the line.
  mutating func code(_ text: String) {
    bytes.append(contentsOf: named(text).utf8)
    bytes.append(10)
  }

  /// Appends a text unchanged and ends the line.
  mutating func verbatim(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    bytes.append(10)
  }

  /// Appends the definition of a constant array in flash.
  mutating func array(_ array: CArray) {
    guard let avrTexts = array.avrTexts else { return define(array, array.texts) }
    code("#if defined(__AVR__)")
    define(array, avrTexts)
    code("#else")
    define(array, array.texts)
    code("#endif")
  }

  private mutating func define(_ array: CArray, _ texts: [String]) {
    code("static const \(array.type.rawValue) \(array.name)[\(texts.count)] @@_FLASH = {")
    var column = 0
    for (position, text) in texts.enumerated() {
      let isLast = position == texts.count - 1
      if column > 0, column + text.utf8.count + 1 > 100 {
        bytes.append(10)
        column = 0
      }
      bytes.append(contentsOf: text.utf8)
      if !isLast { bytes.append(44) }
      column += text.utf8.count + 1
    }
    bytes.append(10)
    code("};")
  }
}

/// A constant array of the network.
struct CArray: Sendable {
  /// The types of elements.
  enum Element: String, Sendable {
    case int8 = "int8_t"
    case uint8 = "uint8_t"
    case int16 = "int16_t"
    case uint16 = "uint16_t"
    case int32 = "int32_t"
    case float = "float"

    /// The bytes of an element.
    var byteCount: Int {
      switch self {
      case .int8, .uint8: 1
      case .int16, .uint16: 2
      case .int32, .float: 4
      }
    }
  }

  /// The name in C, with `@_` for the network's.
  let name: String
  /// The type of elements.
  let type: Element
  /// The elements as C text; never empty.
  let texts: [String]
  /// The elements for AVR where they differ; `nil` where they do not.
  let avrTexts: [String]?

  /// Makes an array of integers, with other ones for AVR where given.
  init<Number: FixedWidthInteger>(
    _ name: String, _ type: Element, _ values: [Number], avr: [Number]? = nil
  ) {
    self.name = name
    self.type = type
    texts = Self.texts(values)
    if let avr { avrTexts = Self.texts(avr) } else { avrTexts = nil }
  }

  private static func texts<Number: FixedWidthInteger>(_ values: [Number]) -> [String] {
    // The least 32-bit number has no literal of its own type.
    (values.isEmpty ? [0] : values).map { $0 == Int32.min ? "(-2147483647 - 1)" : "\($0)" }
  }

  /// Makes an array of finite floats, in the shortest form that reads back equal.
  init(_ name: String, floats: [Float]) {
    self.name = name
    type = .float
    avrTexts = nil
    texts = (floats.isEmpty ? [0] : floats).map(CArray.literal)
  }

  /// The bytes in flash.
  var byteCount: Int { texts.count * type.byteCount }

  /// A float as C text.
  static func literal(_ value: Float) -> String {
    let text = "\(value)"
    return text.contains(".") || text.contains("e") ? text + "f" : text + ".0f"
  }
}
