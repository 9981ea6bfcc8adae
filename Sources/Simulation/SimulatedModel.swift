import Execution
import Export
import Graphs
import Targets

/// A network as simulators take it: its C, its input as the program reads it, and what it must compute.
struct SimulatedModel {
  /// The exported C.
  let program: CProgram
  /// What the C must compute.
  let arithmetic: any SimulatedArithmetic

  /// The name of the exported network.
  private static let name = "network"

  /// Exports a model for a target; throws `SimulationError.unsuitable` for networks that the exporter refuses.
  init(_ model: Model, for profile: TargetProfile, by exporter: CExporter) throws(SimulationError) {
    do {
      let artifact = try exporter.checkedArtifact(
        of: model, ExportOptions(target: profile, baseName: Self.name))
      program = artifact.program
      arithmetic =
        try artifact.integers.map(SimulatedIntegers.init) ?? SimulatedFloats(model.graph)
    } catch {
      throw .unsuitable("\(error)")
    }
  }
}
