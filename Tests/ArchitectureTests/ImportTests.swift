import Foundation
import Testing

@Suite("Modules")
struct ImportTests {
  let table: ModuleTable

  init() throws { table = try ModuleTable(Repository.text("ARCHITECTURE.md")) }

  @Test("Every target of Sources/ stands in the table of ARCHITECTURE.md, and the other way round")
  func tableIsComplete() throws {
    let folders = Set(try Repository.folders("Sources"))
    #expect(Set(table.modules) == folders)
  }

  @Test("A target imports only what its row allows, and whatever those may import")
  func importsFollowTheTable() throws {
    for module in table.modules {
      let allowed = table.closure(of: module).union(ModuleTable.toolchain)
      for file in try Repository.swiftFiles("Sources/\(module)") {
        for name in Repository.imports(in: try Repository.text(file)) {
          #expect(
            allowed.contains(name), "\(file) imports \(name), which the row of \(module) does not allow")
        }
      }
    }
  }

  @Test("The table is a DAG from top to bottom")
  func rowsReferUpwards() {
    var seen: Set<String> = []
    for module in table.modules {
      for dependency in table.direct(module) where table.modules.contains(dependency) {
        #expect(seen.contains(dependency), "\(module) names \(dependency), which stands below it")
      }
      seen.insert(module)
    }
  }

  @Test("Unsafe code stays in the modules that own raw memory")
  func unsafeStaysAtTheBottom() throws {
    let owners: Set = [
      "Tensors", "LinearAlgebra", "DNNL", "Integers", "Images", "Archives", "FlatBuffers", "MPI",
    ]
    for module in table.modules where !owners.contains(module) {
      for file in try Repository.swiftFiles("Sources/\(module)") {
        let words = Repository.code(try Repository.text(file)).split { !$0.isLetter && $0 != "_" }
        #expect(!words.contains("unsafe"), "\(file) is unsafe; \(module) owns no raw memory")
      }
    }
  }

  @Test("Nothing gives up at run time: no fatalError, no try!, no force unwrap of a try")
  func nothingTraps() throws {
    for file in try Repository.swiftFiles("Sources") {
      let code = Repository.code(try Repository.text(file))
      for word in ["fatalError(", "try!", "as!"] {
        #expect(!code.contains(word), "\(file) has \(word)")
      }
    }
  }

  @Test("Every @unchecked Sendable says why it is safe")
  func uncheckedIsExplained() throws {
    for file in try Repository.swiftFiles("Sources") {
      let lines = try Repository.text(file).components(separatedBy: "\n")
      for (index, line) in lines.enumerated() where line.contains("@unchecked Sendable") {
        let before = lines[max(0, index - 8)...index]
        #expect(before.contains { $0.contains("SAFETY:") }, "\(file):\(index + 1) lacks a SAFETY: line")
      }
    }
  }
}
