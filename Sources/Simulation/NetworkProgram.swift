import Foundation

/// A network as C: the two files that an exporter writes, and what their macros say.
///
/// **Interface** of a network NAME: `NAME.h` defines `NAME_INPUT_SIZE`, `NAME_OUTPUT_SIZE`, `NAME_ARENA_BYTES`,
/// `NAME_WEIGHT_BYTES` and `NAME_STEPS` (NAME in capitals), the type `NAME_number` (`int8_t` or `float`),
/// `NAME_number *NAME_input(void)`, where the input is written, channels last, and `const NAME_number *NAME_run(void)`, which
/// runs the network and gives the outputs. Each step is a static function `NAME_step_K` that is not inlined.
public struct NetworkProgram: Sendable, Equatable {
  /// A C identifier.
  public let name: String
  /// The text of `NAME.h`.
  public let header: String
  /// The text of `NAME.c`.
  public let source: String
  /// The layer of each step; `step K` where nothing is known.
  public let layers: [String]
  /// Numbers of an image and of its outputs.
  public let inputSize, outputSize: Int
  /// Bytes of values, and of weights as they lie in flash.
  public let arenaBytes, weightBytes: Int
  /// Bytes of a number.
  public let numberBytes: Int

  /// Reads the macros; throws `SimulationError.program` where one is missing or makes no sense.
  public init(
    name: String, header: String, source: String, layers: [String] = []
  ) throws(SimulationError) {
    guard let first = name.utf8.first, Self.letters.contains(first),
      name.utf8.allSatisfy({ Self.letters.contains($0) || (0x30...0x39).contains($0) }), name.utf8.count <= 64
    else { throw .program(name: name, reason: "its name must be an identifier of C of at most 64 letters") }
    self.name = name
    self.header = header
    self.source = source
    let macros = Macros(header: header, program: name)
    inputSize = try macros.value("INPUT_SIZE", in: 1...1 << 26)
    outputSize = try macros.value("OUTPUT_SIZE", in: 1...1 << 26)
    arenaBytes = try macros.value("ARENA_BYTES", in: 0...1 << 40)
    weightBytes = try macros.value("WEIGHT_BYTES", in: 0...1 << 40)
    let steps = try macros.value("STEPS", in: 0...4096)
    let layers = layers.isEmpty ? Self.layers(of: source) : layers
    self.layers = (0..<steps).map { $0 < layers.count ? layers[$0] : "step \($0)" }
    numberBytes = header.contains("typedef float \(name)_number") ? 4 : 1
  }

  /// The layers that comments over the steps name: `/* Step 0: "conv1", …`.
  private static func layers(of source: String) -> [String] {
    let names = source.matches(of: /\/\* Step (\d+): "([^"\n]*)"/).map { (Int($0.1) ?? -1, String($0.2)) }
    return names.enumerated().allSatisfy { $0.offset == $0.element.0 } ? names.map(\.1) : []
  }

  private static let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_".utf8)

  var inputBytes: Int { inputSize * numberBytes }
  var outputBytes: Int { outputSize * numberBytes }
  /// A name of the program: `NAME_run`.
  func symbol(_ what: String) -> String { "\(name)_\(what)" }
}

/// The numbers that a header defines.
private struct Macros {
  let values: [String: Int]
  let program: String

  /// Takes lines `#define NAME_KEY 123`, with or without brackets and a suffix.
  init(header: String, program: String) {
    self.program = program
    let prefix = program.uppercased() + "_"
    var values: [String: Int] = [:]
    for line in header.split(whereSeparator: \.isNewline) {
      let words = line.split { $0 == " " || $0 == "\t" || $0 == "(" || $0 == ")" }
      guard words.count >= 3, words[0] == "#define", words[1].hasPrefix(prefix) else { continue }
      let digits = words[2].prefix { $0.isASCII && $0.isNumber }
      if let value = Int(digits) { values[String(words[1].dropFirst(prefix.count))] = value }
    }
    self.values = values
  }

  func value(_ key: String, in range: ClosedRange<Int>) throws(SimulationError) -> Int {
    guard let value = values[key], range.contains(value) else {
      throw .program(
        name: program,
        reason: "its header must define \(program.uppercased())_\(key) as a number in \(range), found "
          + (values[key].map(String.init) ?? "none"))
    }
    return value
  }
}
