/// Numbers, names and comments in Verilog's syntax.
enum VerilogText {
  /// A constant of a number of bits, in two's complement.
  static func number(_ value: Int, bits: Int) -> String {
    "\(bits)'d\(UInt(bitPattern: value) & (bits >= 64 ? .max : 1 << UInt(bits) - 1))"
  }

  /// Fields as hexadecimal digits, the first field in the lowest bits.
  static func hexadecimal(_ fields: [(value: UInt, bits: Int)]) -> String {
    var bits: [Bool] = []
    for field in fields { bits += (0..<field.bits).map { field.value >> UInt($0) & 1 == 1 } }
    let digits = stride(from: 0, to: bits.count, by: 4).map { start in
      (start..<min(start + 4, bits.count)).reduce(0) { $0 | (bits[$1] ? 1 << ($1 - start) : 0) }
    }
    return digits.reversed().map { String($0, radix: 16) }.joined()
  }

  /// Words of Verilog and SystemVerilog that cannot name a module; only those without underscores.
  private static let reserved: Set<String> = [
    "always", "and", "assign", "begin", "buf", "case", "cell", "config", "deassign", "default", "defparam",
    "design",
    "disable", "edge", "else", "end", "event", "for", "force", "forever", "fork", "function", "generate",
    "genvar", "if",
    "incdir", "include", "initial", "inout", "input", "instance", "integer", "join", "large", "liblist",
    "library",
    "localparam", "macromodule", "medium", "module", "nand", "negedge", "nor", "not", "or", "output",
    "parameter", "pmos",
    "posedge", "primitive", "pull0", "pull1", "pulldown", "pullup", "real", "realtime", "reg", "release",
    "repeat",
    "scalared", "signed", "small", "specify", "strength", "supply0", "supply1", "table", "task", "time",
    "tran", "tri",
    "trireg", "unsigned", "use", "before", "bind", "bit", "byte", "class", "clocking", "constraint",
    "context", "cover",
    "cross", "dist", "expect", "export", "extends", "final", "import", "inside", "interface", "intersect",
    "local", "logic",
    "matches", "modport", "new", "null", "package", "packed", "priority", "program", "property", "protected",
    "pure", "rand",
    "ref", "sequence", "solve", "string", "super", "tagged", "this", "throughout", "type", "unique", "var",
    "virtual", "with",
    "within", "vectored", "wait", "wand", "weak0", "weak1", "while", "wire", "wor", "xnor",
    "xor",
  ]

  /// A module's name made of any text.
  static func identifier(_ text: String) -> String {
    let name = CIdentifier.sanitized(text)
    return reserved.contains(name.lowercased()) ? name + "_network" : name
  }

  /// A text that can stand after `//` or in a block comment.
  static func comment(_ text: String) -> String { CIdentifier.comment(text) }
}
