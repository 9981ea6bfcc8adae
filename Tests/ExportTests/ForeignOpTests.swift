import Export
import Graphs
import Settings
import Tensors
import TestSupport
import Testing

@Suite("Ops that no format knows")
struct ForeignOpTests {
  @Test("Every format names them, asked before and while it writes", arguments: ExporterCatalogue.names)
  func refused(format: String) throws {
    try refused(by: ExporterCatalogue.exporter(format))
  }

  private func refused<E: Exporter>(by exporter: E) throws {
    let graph = try Graph.foreign(withWeights: true)
    let kinds = Set(exporter.refusals(of: graph, ExportOptions()).map(\.kind))
    #expect(kinds.isSuperset(of: ["foreign-product", "foreign-weights"]))
    let model = Model(
      graph: graph, classes: ["a", "b", "c"],
      input: InputDescription(
        shape: [5], mean: Array(repeating: 0, count: 5), deviation: Array(repeating: 1, count: 5)),
      split: SettingsNode(.null), provenance: SettingsNode(.null))
    let text = errorMessage { _ = try exporter.artifact(of: model, ExportOptions()) }
    #expect(text.contains("(foreign-"), "\(text)")
  }
}
