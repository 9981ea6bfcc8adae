public import Settings
import Targets

/// A rule for the cycles of some instructions on an in-order processor.
///
///     - {instructions: ["ldr*"], cycles: 2, afterSame: 1, source: "Cortex-M4 technical reference manual, table 3-1"}
public struct InstructionCost: SettingValue, Sendable, Equatable {
  /// The mnemonics without suffixes behind a point; a star at the end matches any ending.
  public var instructions: [String]
  /// The cycles of the instruction.
  public var cycles: Int
  /// Further cycles for each register of the list; 0 where registers do not count.
  public var perRegister: Int
  /// The cycles where the instruction before has the same rule; `nil` where that makes no difference.
  public var afterSame: Int?
  /// Further cycles where the program counter is among the registers.
  public var withProgramCounter: Int
  /// The source of the numbers.
  public var source: String

  /// The mapping that error messages expect.
  public static var expectation: String {
    "a cost, {instructions, cycles, perRegister, afterSame, withProgramCounter, source}"
  }

  /// Reads the mapping; throws for unknown keys, an empty list of instructions, and cycles outside 0...1000.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    let owner = "a cost of instructions"
    try node.requireKeys(
      ["instructions", "cycles", "perRegister", "afterSame", "withProgramCounter", "source"], of: owner)
    let patterns = try node.required("instructions", of: owner)
    instructions = try [String](reading: patterns, key: "instructions")
    guard !instructions.isEmpty else {
      throw .outOfRange(patterns.mark, key: "instructions", expected: "at least one", found: "none")
    }
    cycles = try node.required("cycles", of: owner).cycles("cycles")
    perRegister = try node["perRegister"]?.cycles("perRegister") ?? 0
    afterSame = try node["afterSame"].map { node throws(SettingsError) in try node.cycles("afterSame") }
    withProgramCounter = try node["withProgramCounter"]?.cycles("withProgramCounter") ?? 0
    source = try node.required("source", of: owner).string("source")
  }

  /// The rule as a mapping.
  public var node: SettingsNode {
    SettingsNode(mapping: [
      "instructions": instructions.node, "cycles": cycles.node, "perRegister": perRegister.node,
      "afterSame": (afterSame ?? cycles).node, "withProgramCounter": withProgramCounter.node,
      "source": source.node,
    ])
  }

  /// True if the rule covers a mnemonic.
  func covers(_ mnemonic: String) -> Bool {
    instructions.contains { pattern in
      pattern.hasSuffix("*") ? mnemonic.hasPrefix(pattern.dropLast()) : mnemonic == pattern
    }
  }

  /// The cycles of an instruction; `isRepeated` says that the instruction before has this rule too.
  func cycles(of instruction: Disassembly.Instruction, isRepeated: Bool) -> Int {
    let first = isRepeated ? afterSame ?? cycles : cycles
    return first + perRegister * instruction.registerCount
      + (instruction.namesProgramCounter ? withProgramCounter : 0)
  }
}

extension SettingsNode {
  fileprivate func cycles(_ key: String) throws(SettingsError) -> Int {
    let value = try integer(key)
    guard (0...1000).contains(value) else {
      throw .outOfRange(mark, key: key, expected: "an integer in 0...1000", found: kindDescription)
    }
    return value
  }
}

/// The rules for the cycles of instructions; the first rule that covers an instruction applies.
struct CycleTable {
  let rules: [InstructionCost]

  /// The cycles of each instruction, in their order; an instruction that no rule covers takes one cycle.
  func cycles(_ instructions: [Disassembly.Instruction]) -> [Int] {
    var before: Int?
    return instructions.map { instruction in
      let rule = rules.firstIndex { $0.covers(instruction.mnemonic) }
      defer { before = rule }
      guard let rule else { return 1 }
      return rules[rule].cycles(of: instruction, isRepeated: before == rule)
    }
  }
}
