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
    "alias", "always", "always_comb", "always_ff", "always_latch", "and", "assert", "assign", "assume",
    "automatic", "before", "begin", "bind", "bins", "binsof", "bit", "break", "buf", "bufif0", "bufif1",
    "byte", "case", "casex", "casez", "cell", "chandle", "class", "clocking", "cmos", "config", "const",
    "constraint", "context", "continue", "cover", "covergroup", "coverpoint", "cross", "deassign",
    "default", "defparam", "design", "disable", "dist", "do", "edge", "else", "end", "endcase", "endclass",
    "endclocking", "endconfig", "endfunction", "endgenerate", "endgroup", "endinterface", "endmodule",
    "endpackage", "endprimitive", "endprogram", "endproperty", "endsequence", "endspecify", "endtable",
    "endtask", "enum", "event", "expect", "export", "extends", "extern", "final", "first_match", "for",
    "force", "foreach", "forever", "fork", "forkjoin", "function", "generate", "genvar", "highz0", "highz1",
    "if", "iff", "ifnone", "ignore_bins", "illegal_bins", "import", "incdir", "include", "initial", "inout",
    "input", "inside", "instance", "int", "integer", "interface", "intersect", "join", "join_any",
    "join_none", "large", "liblist", "library", "local", "localparam", "logic", "longint", "macromodule",
    "matches", "medium", "modport", "module", "nand", "negedge", "new", "nmos", "nor", "noshowcancelled",
    "not", "notif0", "notif1", "null", "or", "output", "package", "packed", "parameter", "pmos", "posedge",
    "primitive", "priority", "program", "property", "protected", "pull0", "pull1", "pulldown", "pullup",
    "pulsestyle_ondetect", "pulsestyle_onevent", "pure", "rand", "randc", "randcase", "randsequence",
    "rcmos", "real", "realtime", "ref", "reg", "release", "repeat", "return", "rnmos", "rpmos", "rtran",
    "rtranif0", "rtranif1", "scalared", "sequence", "shortint", "shortreal", "showcancelled", "signed",
    "small", "solve", "specify", "specparam", "static", "strength", "string", "strong0", "strong1",
    "struct", "super", "supply0", "supply1", "table", "tagged", "task", "this", "throughout", "time",
    "timeprecision", "timeunit", "tran", "tranif0", "tranif1", "tri", "tri0", "tri1", "triand", "trior",
    "trireg", "type", "typedef", "union", "unique", "unsigned", "use", "uwire", "var", "vectored",
    "virtual", "void", "wait", "wait_order", "wand", "weak0", "weak1", "while", "wildcard", "wire", "with",
    "within", "wor", "xnor", "xor",
  ]

  /// A module's name made of any text.
  static func identifier(_ text: String) -> String {
    let name = CIdentifier.sanitized(text)
    return reserved.contains(name.lowercased()) ? name + "_network" : name
  }

  /// A text that can stand after `//` or in a block comment.
  static func comment(_ text: String) -> String { CIdentifier.comment(text) }
}
