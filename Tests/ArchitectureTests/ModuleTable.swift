/// The table of targets in ARCHITECTURE.md: name, purpose, permitted imports.
struct ModuleTable {
  /// The modules that come with the toolchain.
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

  /// The targets that a target's own cell names; `everything` stands for all rows above.
  func direct(_ module: String) -> [String] {
    (rows[module] ?? []).flatMap { $0 == "everything" ? modules.prefix { $0 != module } : [$0] }
  }

  /// The targets that a target may import: itself, those of its cell, and those that they may import.
  func closure(of module: String) -> Set<String> {
    var reached: Set<String> = [module]
    var waiting = [module]
    while let next = waiting.popLast() {
      for dependency in direct(next) where reached.insert(dependency).inserted { waiting.append(dependency) }
    }
    return reached
  }
}
