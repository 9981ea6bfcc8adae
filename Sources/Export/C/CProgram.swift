/// A network as C: its two files, and the facts that a calling program needs.
///
/// **Interface** of a network NAME: `NAME.h` declares the type `NAME_number` (`int8_t` or `float`),
/// `NAME_number *NAME_input(void)`, which returns the place for the input, channels last, and
/// `const NAME_number *NAME_run(void)`, which runs the network and returns the outputs. Each step is a static
/// function `NAME_step_K` that is not inlined.
public struct CProgram: Sendable, Equatable {
  /// The type of the network's numbers.
  public enum Number: String, Sendable {
    /// Signed bytes.
    case int8 = "int8_t"
    /// 32-bit floats.
    case float

    /// The bytes of a number.
    public var byteCount: Int { self == .int8 ? 1 : 4 }
  }

  /// The prefix of all names.
  public let name: String
  /// The text of `NAME.h`.
  public let header: [UInt8]
  /// The text of `NAME.c`.
  public let source: [UInt8]
  /// The name of the node that each step computes.
  public let steps: [String]
  /// The type of the network's numbers.
  public let number: Number
  /// The count of numbers of an image, and of its outputs.
  public let inputCount, outputCount: Int
  /// The bytes of the arena, and of constants in flash.
  public let arenaBytes, weightBytes: Int

  /// Makes a program of its texts and facts.
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

  /// The bytes of an image.
  public var inputBytes: Int { inputCount * number.byteCount }
  /// The bytes of the outputs of an image.
  public var outputBytes: Int { outputCount * number.byteCount }

  /// The name of the function that returns the place for the input.
  public var inputFunction: String { name + "_input" }
  /// The name of the function that runs the network.
  public var runFunction: String { name + "_run" }
  /// The name of the function of a step, which is static.
  public func stepFunction(_ step: Int) -> String { "\(name)_step_\(step)" }
}
