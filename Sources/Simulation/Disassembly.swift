/// The instructions of a listing of `objdump -d`.
struct Disassembly {
  /// One instruction.
  struct Instruction: Equatable {
    let address: UInt64
    /// The mnemonic without its suffix behind a point: `add` of `add.w`.
    let mnemonic: String
    let operands: String

    /// The number of registers between braces, with ranges counted in full; 2 without braces, for a pair.
    var registerCount: Int {
      guard let list = Self.braced(operands) else { return 2 }
      return list.split(separator: ",").reduce(0) { count, item in
        let ends = item.split(separator: "-").compactMap { Int($0.filter(\.isNumber)) }
        return count + (ends.count == 2 ? max(1, ends[1] - ends[0] + 1) : 1)
      }
    }

    /// True if the program counter stands between the braces.
    var namesProgramCounter: Bool {
      Self.braced(operands)?.split { $0 == "," || $0 == " " }.contains("pc") ?? false
    }

    private static func braced(_ operands: String) -> Substring? {
      guard let open = operands.firstIndex(of: "{"),
        let close = operands[open...].firstIndex(of: "}")
      else { return nil }
      return operands[operands.index(after: open)..<close]
    }
  }

  /// The instructions in the order of the listing.
  let instructions: [Instruction]

  /// Reads lines of the form `1b0:<tab>4a05<tab>ldr<tab>r2, [pc, #20]`; skips data between code (`.word`).
  init(_ listing: String) {
    instructions = listing.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count >= 3, let label = fields[0].split(separator: " ").first, label.last == ":",
        let address = UInt64(label.dropLast(), radix: 16), !fields[2].hasPrefix(".")
      else { return nil }
      let mnemonic = fields[2].prefix { $0 != "." && $0 != " " }
      return Instruction(
        address: address, mnemonic: String(mnemonic), operands: fields.count > 3 ? String(fields[3]) : "")
    }
  }
}
