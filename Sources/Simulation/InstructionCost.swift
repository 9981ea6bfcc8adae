public import Settings
import Targets

/// What executing some instructions costs on an in-order processor.
///
///     - {instructions: ["ldr*"], cycles: 2, afterLoad: 1, source: "Cortex-M4 technical reference manual, table 3-1"}
public struct InstructionCost: SettingValue, Sendable, Equatable {
  /// Mnemonics without suffixes behind a point; a star at the end stands for anything.
  public var instructions: [String]
  /// Cycles.
  public var cycles: Int
  /// Cycles for each register of the list; 0 where none counts.
  public var perRegister: Int
  /// Cycles where the instruction before is of the same rule; `nil` where that makes no difference.
  public var afterSame: Int?
  /// Cycles more where the program counter is among the registers.
  public var withProgramCounter: Int
  /// Where it comes from.
  public var source: String

  public static var expectation: String {
    "a cost, {instructions, cycles, perRegister, afterSame, withProgramCounter, source}"
  }

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

  public var node: SettingsNode {
    SettingsNode(mapping: [
      "instructions": instructions.node, "cycles": cycles.node, "perRegister": perRegister.node,
      "afterSame": (afterSame ?? cycles).node, "withProgramCounter": withProgramCounter.node,
      "source": source.node,
    ])
  }

  /// Whether the rule is for a mnemonic.
  func covers(_ mnemonic: String) -> Bool {
    instructions.contains { pattern in
      pattern.hasSuffix("*") ? mnemonic.hasPrefix(pattern.dropLast()) : mnemonic == pattern
    }
  }

  /// Cycles of an instruction; `isRepeated` where the one before is of this rule.
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

/// What instructions cost, by rules of which the first that covers one counts.
struct CycleTable {
  let rules: [InstructionCost]

  /// The cycles of each instruction by its place in the program; those that no rule covers take one.
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
