public import Export

/// What a linker made of a program, or what did not fit.
public enum LinkedProgram: Sendable {
  case firmware(Firmware)
  case overflows([MemoryOverflow])
}

/// A linked program.
public struct Firmware: Sendable, Equatable {
  /// The program that it holds.
  public let program: CProgram
  /// Its file in the workbench's folder.
  public let file: String
  /// Bytes of sections by name.
  let sections: [String: Int]
  /// Addresses by name.
  let symbols: [String: UInt64]

  /// Code, constants and initial values.
  var flashBytes: Int { size(".text") + size(".rodata") + size(".ARM.exidx") + size(".data") }
  /// Values and variables, without the stack.
  var staticBytes: Int { size(".data") + size(".bss") + size(".noinit") }

  private func size(_ section: String) -> Int { sections[section] ?? 0 }

  /// What exceeds a memory, without the stack.
  func overflows(_ memory: MemoryLimits) -> [MemoryOverflow] {
    [
      MemoryOverflow("flash", needed: flashBytes, limit: memory.flashBytes, stage: "linked"),
      MemoryOverflow("RAM", needed: staticBytes, limit: memory.ramBytes, stage: "linked"),
    ].compactMap(\.self)
  }

  /// The address of a name that the program must have.
  func address(_ symbol: String) throws(SimulationError) -> UInt64 {
    guard let address = symbols[symbol] else {
      throw .program(name: program.name, reason: "\(symbol) is not in the linked program")
    }
    return address
  }

  /// The address of each step's function, with whatever suffix the compiler gave it; `nil` where it was merged or inlined.
  var stepAddresses: [UInt64?] {
    program.steps.indices.map { step in
      let name = program.stepFunction(step)
      return symbols[name] ?? symbols.filter { $0.key.hasPrefix(name + ".") }.map(\.value).min()
    }
  }
}

/// What a linker's listings say.
enum LinkListing {
  /// Sections of `size -A`.
  static func sections(_ text: String) -> [String: Int] {
    var sections: [String: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 3, words[0].hasPrefix("."), let size = Int(words[1]) {
        sections[String(words[0]), default: 0] += size
      }
    }
    return sections
  }

  /// Addresses of `nm`.
  static func symbols(_ text: String) -> [String: UInt64] {
    var symbols: [String: UInt64] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 3, let address = UInt64(words[0], radix: 16) { symbols[String(words[2])] = address }
    }
    return symbols
  }

  /// Whether GNU ld failed because something did not fit.
  static func tellsOverflow(_ text: String) -> Bool {
    text.contains("will not fit in region") || text.contains("overflowed by")
      || text.contains("is not within region")
  }

  /// What GNU ld says did not fit: `region `RAM' overflowed by 8 bytes`.
  static func overflows(_ text: String) -> [MemoryOverflow] {
    let pattern = /region `(\w+)' overflowed by (\d+) bytes/
    var seen: Set<String> = []
    return text.matches(of: pattern).compactMap { match in
      guard let bytes = Int(match.2) else { return nil }
      let isRAM = ["RAM", "data"].contains(String(match.1))
      let overflow = MemoryOverflow(memory: isRAM ? "RAM" : "flash", bytes: bytes, stage: "linked")
      return seen.insert(overflow.memory).inserted ? overflow : nil
    }
  }
}
