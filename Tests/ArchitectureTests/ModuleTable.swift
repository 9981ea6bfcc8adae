/// The table of ARCHITECTURE.md: target, purpose, what it may import.
struct ModuleTable {
  /// What the toolchain brings along.
  static let toolchain: Set = [
    "Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Swift", "Glibc",
  ]

  /// The targets in the order of the table.
  let modules: [String]
  private let rows: [String: [String]]

  init(_ markdown: String) {
    var modules: [String] = []
    var rows: [String: [String]] = [:]
    let lines = markdown.split(separator: "\n")
    let start = lines.firstIndex { $0.hasPrefix("| Target |") } ?? lines.endIndex
    for line in lines[start...].dropFirst(2).prefix(while: { $0.hasPrefix("|") }) {
      let cells = line.split(separator: "|", omittingEmptySubsequences: true)
      guard cells.count == 3 else { continue }
      let names = cells[0].split(separator: "`").filter { $0.contains { $0.isLetter } }.map(String.init)
      let imports = cells[2].split { $0 == "," || $0 == " " || $0 == "`" }.map(String.init).filter {
        $0 != "–"
      }
      for name in names {
        modules.append(name)
        rows[name] = imports
      }
    }
    self.modules = modules
    self.rows = rows
  }

  /// What a target's own cell names; `everything` stands for all rows above.
  func direct(_ module: String) -> [String] {
    (rows[module] ?? []).flatMap { $0 == "everything" ? modules.prefix { $0 != module } : [$0] }
  }

  /// What a target may import: its cell and the cells of those, all the way down, and itself.
  func closure(of module: String) -> Set<String> {
    var reached: Set<String> = [module]
    var waiting = [module]
    while let next = waiting.popLast() {
      for dependency in direct(next) where reached.insert(dependency).inserted { waiting.append(dependency) }
    }
    return reached
  }
}
