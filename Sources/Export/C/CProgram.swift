/// A network as C: its two files, and what a program that calls it needs to know.
///
/// **Interface** of a network NAME: `NAME.h` declares the type `NAME_number` (`int8_t` or `float`), `NAME_number *NAME_input(void)`,
/// where the input is written, channels last, and `const NAME_number *NAME_run(void)`, which runs the network and gives the
/// outputs. Each step is a static function `NAME_step_K` that is not inlined.
public struct CProgram: Sendable, Equatable {
  /// What flows through the network.
  public enum Number: String, Sendable {
    case int8 = "int8_t"
    case float

    /// The bytes of a number.
    public var byteCount: Int { self == .int8 ? 1 : 4 }
  }

  /// The identifier that all names begin with.
  public let name: String
  /// The text of `NAME.h`.
  public let header: [UInt8]
  /// The text of `NAME.c`.
  public let source: [UInt8]
  /// The node that each step computes.
  public let steps: [String]
  /// What flows through the network.
  public let number: Number
  /// Numbers of an image and of its outputs.
  public let inputCount, outputCount: Int
  /// Bytes of values, and of constants as they lie in flash.
  public let arenaBytes, weightBytes: Int

  /// Describes a program; exporters do.
  public init(
    name: String, header: [UInt8], source: [UInt8], steps: [String], number: Number, inputCount: Int,
    outputCount: Int, arenaBytes: Int, weightBytes: Int
  ) {
    self.name = name
    self.header = header
    self.source = source
    self.steps = steps
    self.number = number
    self.inputCount = inputCount
    self.outputCount = outputCount
    self.arenaBytes = arenaBytes
    self.weightBytes = weightBytes
  }

  public var inputBytes: Int { inputCount * number.byteCount }
  public var outputBytes: Int { outputCount * number.byteCount }

  /// The function that says where the input is written.
  public var inputFunction: String { name + "_input" }
  /// The function that runs the network.
  public var runFunction: String { name + "_run" }
  /// The function of a step, which no other file can call.
  public func stepFunction(_ step: Int) -> String { "\(name)_step_\(step)" }
}
