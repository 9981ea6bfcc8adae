import Execution
import Export
import Graphs
import Targets

/// A network as simulators take it: its C, its input as the program reads it, and what it must compute.
struct SimulatedModel {
  /// The exported C.
  let program: NetworkProgram
  /// What the C must compute.
  let arithmetic: any SimulatedArithmetic

  /// The name of the exported network.
  private static let name = "network"
  /// The format that simulators run.
  private static let format = "c"

  /// Exports a model for a target; throws `SimulationError.unsuitable` for networks that the exporter refuses.
  init(_ model: Model, for profile: TargetProfile) throws(SimulationError) {
    let options = ExportOptions(target: profile, baseName: Self.name)
    let files: [ExportFile]
    do {
      let exporter = try ExporterCatalogue.exporter(Self.format)
      let refusals = exporter.refusals(of: model.graph, options)
      guard refusals.isEmpty else { throw ExportError.refused(format: Self.format, refusals) }
      files = try exporter.files(of: model, options)
      arithmetic =
        model.graph.hasEncodedValues
        ? SimulatedIntegers(try IntegerProgram(model.graph)) : try SimulatedFloats(model.graph)
    } catch {
      throw .unsuitable("\(error)")
    }
    func text(_ suffix: String) -> String {
      files.first { $0.name == Self.name + suffix }.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
    }
    program = try NetworkProgram(name: Self.name, header: text(".h"), source: text(".c"))
  }
}
