import Execution
import Export
import Graphs
import Targets

/// A network prepared for simulation: its C program and the check of its outputs.
struct SimulatedModel {
  /// The exported C program.
  let program: CProgram
  /// The numbers of the program, and the check of its outputs.
  let arithmetic: any SimulatedArithmetic

  /// The name of the exported network.
  private static let name = "network"

  /// Exports a model for a target; throws `SimulationError.unsuitable` for networks that the exporter
  /// refuses.
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
