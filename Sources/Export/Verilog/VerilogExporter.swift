import Execution
public import Graphs
public import Settings
import Targets
import Tensors

/// The layout of a network as hardware.
public enum VerilogForm: String, Sendable, SettingChoice {
  /// One engine with a number of lanes, which computes layer after layer.
  case folded
  /// Every weight is wired, and all layers compute at once.
  case parallel
}

/// Writes a network of integers as synthesizable Verilog-2001, with a test bench that checks itself.
///
/// **Folded** a number of multiply-adds at a time, one for each output channel, with weights in a ROM. Where
/// all weights are powers of two, or sums of two, no lane has a multiplier.
///
/// **Parallel** linear layers as trees of shifts and additions with shared subexpressions and registers.
///
/// Both equal `IntegerProgram` bit for bit.
public struct VerilogExporter: Exporter {
  /// The name of the format: `verilog`.
  public static let name = "verilog"
  /// The default name of modules and files: `network`.
  public static let defaultBaseName = "network"
  /// The description in lists of formats.
  public static let summary =
    "Verilog-2001 for FPGAs: integers, folded over some multiply-adds or fully parallel, equal to the integer reference bit for bit"

  /// The layout.
  public var form = VerilogForm.folded
  /// The multiply-adds at a time, for the folded form.
  public var units = 16
  /// The successive additions between registers, for the parallel form.
  public var levels = 1

  /// Makes an exporter with the default settings.
  public init() {}

  /// Makes an exporter with the settings.
  public init(form: VerilogForm, units: Int = 16, levels: Int = 1) {
    self.form = form
    self.units = units
    self.levels = levels
  }

  /// Settings: `form`, `units`, `levels`.
  public static var settings: [Setting<VerilogExporter>] {
    [
      Setting(
        "form", \.form, "folded: one engine, layer after layer; parallel: every weight of linear layers wired"
      ),
      Setting("units", \.units, in: 1...1024, "multiply-adds at a time, of the folded form"),
      Setting(
        "levels", \.levels, in: 1...16, "additions one behind another between registers, of the parallel form"
      ),
    ]
  }

  /// Refuses nodes without integer arithmetic, and steps that the form cannot compute.
  public func refusals(of graph: Graph, _ options: ExportOptions) -> [NodeRefusal] {
    let unknown = Self.withoutIntegers(graph)
    guard unknown.isEmpty else { return unknown }
    // Further refusals depend on the program, which needs values with encodings.
    guard !graph.values.isEmpty, let program = try? IntegerProgram(graph) else { return [] }
    do throws(VerilogRefusal) {
      _ = try design(program)
      return []
    } catch {
      return [NodeRefusal(node: error.node, kind: error.kind, reason: error.reason)]
    }
  }

  /// Lowers the network to integers, lays it out, and writes sources and test bench.
  public func artifact(of model: Model, _ options: ExportOptions) throws(ExportError) -> VerilogArtifact {
    let unknown = Self.withoutIntegers(model.graph)
    guard unknown.isEmpty else { throw .refused(format: name, unknown) }
    let base = VerilogText.identifier(options.baseName)
    let program: IntegerProgram
    do throws(ExecutionError) { program = try IntegerProgram(model.graph) } catch {
      throw .unsuitable(
        format: name, what: "\(error)", hint: "quantize all weights and values to integers of 8 bits or less")
    }
    do throws(VerilogRefusal) {
      let pixels = CPixels(model.input, program)
      return VerilogArtifact(try design(program), name: base, integers: program, pixels: pixels)
    } catch {
      throw .refused(format: name, [NodeRefusal(node: error.node, kind: error.kind, reason: error.reason)])
    }
  }

  /// The refusals of nodes without integer arithmetic.
  private static func withoutIntegers(_ graph: Graph) -> [NodeRefusal] {
    IntegerProgram.refusals(of: graph).map {
      NodeRefusal(node: $0.node.name, kind: $0.node.op.kind, reason: $0.reason)
    }
  }

  /// The layout of a program.
  func design(_ program: IntegerProgram) throws(VerilogRefusal) -> any VerilogDesign {
    switch form {
    case .folded: try FoldedDesign(program, lanes: units)
    case .parallel: try ParallelDesign(program, levels: levels)
    }
  }

  /// Throws where Verilator is missing.
  public func requireVerificationTools() throws(ExportError) { _ = try VerilatorRun.tool() }

  /// Runs the images in Verilator; all outputs must equal the integer reference bit for bit.
  public func verify(
    _ written: WrittenExport<VerilogArtifact>, of model: Model, on images: VerificationImages
  ) throws(ExportError) -> Verification? {
    let verilator = try VerilatorRun.tool()
    do {
      let artifact = written.artifact
      let program = artifact.integers
      let (input, output) = (program.values[program.inputs[0]], program.values[program.outputs[0]])
      let count = input.shape.count
      let numbers = stride(from: 0, to: images.images.values.count, by: count).map { start in
        images.images.values[start..<start + count].map { input.integer($0) as Int8 }
      }
      let run = try VerilatorRun(artifact, verilator: verilator)
      defer { run.remove() }
      let (found, cycles) = try run.outputs(of: numbers)
      let expected = try ModelOutputs(model.graph, on: images).values.map { output.integer($0) as Int8 }
      let differing = zip(found, expected).count { $0 != $1 }
      let exact = found.count == expected.count && differing == 0
      return Verification(
        method: run.method, images: numbers.count, mismatches: differing,
        findings: [
          differing == 0
            ? "all \(found.count) outputs equal the integer reference bit for bit"
            : "\(differing) of \(found.count) outputs differ",
          "\(cycles.min() ?? 0) to \(cycles.max() ?? 0) clock cycles an image",
        ], isPassed: exact)
    } catch {
      throw .verification(format: Self.name, reason: "\(error)")
    }
  }
}
