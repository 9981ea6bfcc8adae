public import Export

/// The result of a link: a program, or the memories that it exceeds.
public enum LinkedProgram: Sendable {
  /// The linked program.
  case firmware(Firmware)
  /// The memories that the program exceeds.
  case overflows([MemoryOverflow])
}

/// A linked program for a target.
public struct Firmware: Sendable, Equatable {
  /// The exported program that it contains.
  public let program: CProgram
  /// The name of the linked file in the workbench's folder.
  public let file: String
  /// The sizes of sections in bytes, by name.
  let sections: [String: Int]
  /// The addresses of symbols, by name.
  let symbols: [String: UInt64]

  /// Bytes of flash: code, constants and initial values.
  var flashBytes: Int { size(".text") + size(".rodata") + size(".ARM.exidx") + size(".data") }
  /// Bytes of RAM: values and variables, without the stack.
  var staticBytes: Int { size(".data") + size(".bss") + size(".noinit") }

  private func size(_ section: String) -> Int { sections[section] ?? 0 }

  /// The memories that the program exceeds, without the stack.
  func overflows(_ memory: MemoryLimits) -> [MemoryOverflow] {
    [
      MemoryOverflow("flash", needed: flashBytes, limit: memory.flashBytes, stage: "linked"),
      MemoryOverflow("RAM", needed: staticBytes, limit: memory.ramBytes, stage: "linked"),
    ].compactMap(\.self)
  }

  /// The address of a symbol; throws if the program lacks it.
  func address(_ symbol: String) throws(SimulationError) -> UInt64 {
    guard let address = symbols[symbol] else {
      throw .program(name: program.name, reason: "\(symbol) is not in the linked program")
    }
    return address
  }

  /// The address of each step's function, also under a suffix of the compiler; `nil` where it was merged or
  /// inlined.
  var stepAddresses: [UInt64?] {
    program.steps.indices.map { step in
      let name = program.stepFunction(step)
      return symbols[name] ?? symbols.filter { $0.key.hasPrefix(name + ".") }.map(\.value).min()
    }
  }
}

/// Parsers for the listings of the linker and of binutils.
enum LinkListing {
  /// The sizes of sections, from the output of `size -A`.
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

  /// The addresses of symbols, from the output of `nm`.
  static func symbols(_ text: String) -> [String: UInt64] {
    var symbols: [String: UInt64] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 3, let address = UInt64(words[0], radix: 16) { symbols[String(words[2])] = address }
    }
    return symbols
  }

  /// True if GNU ld failed because a memory overflowed.
  static func tellsOverflow(_ text: String) -> Bool {
    text.contains("will not fit in region") || text.contains("overflowed by")
      || text.contains("is not within region")
  }

  /// The overflows in a message of GNU ld, such as ``region `RAM' overflowed by 8 bytes``; one for each
  /// memory.
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
