import Encodings
import Execution
public import Graphs
import Tensors

/// Writes a network as one header and one source of C99, with an example: for microcontrollers and whatever else has a C
/// compiler.
///
/// Bytes where all values are integers: the arithmetic of `IntegerProgram` to the bit, without floating point, division,
/// heap or library. Memory is one arena planned by the life of values; weights lie in flash.
public struct CExporter: Exporter {
  public static let name = "c"
  public static let defaultBaseName = "network"
  public static let summary =
    "C99 without libraries for microcontrollers: signed bytes, equal to the integer reference bit for bit"

  public init() {}

  public func refusals(of graph: Graph, _ options: ExportOptions) -> [NodeRefusal] {
    guard case .unsupported(let name, let reason)? = IntegerProgram.refusal(of: graph) else { return [] }
    let kind = graph.node(named: name)?.op.kind ?? "input"
    return [NodeRefusal(node: name, kind: kind, reason: reason)]
  }

  public func files(of model: Model, _ options: ExportOptions) throws(ExportError) -> [ExportFile] {
    let (program, network) = try Self.network(model.graph)
    let name = CIdentifier.sanitized(options.baseName, fallback: Self.defaultBaseName)
    let source = CSource(network, name: name, pixels: CPixels(model.input, program))
    return [
      ExportFile(
        name: "\(name).h", summary: "what to include: \(source.arenaBytes) bytes of memory",
        bytes: source.header),
      ExportFile(
        name: "\(name).c", summary: "the network: \(source.weightBytes) bytes of constants",
        bytes: source.source),
      ExportFile(name: "main.c", summary: "how to call it", bytes: source.example),
    ]
  }

  public func verify(
    _ written: WrittenExport, of model: Model, _ options: ExportOptions, on images: VerificationImages
  ) throws(ExportError) -> Verification? {
    let (program, network) = try Self.network(model.graph)
    let name = CIdentifier.sanitized(options.baseName, fallback: Self.defaultBaseName)
    let source = CSource(network, name: name, pixels: CPixels(model.input, program))
    guard let compiler = HostCompiler() else {
      throw .missingTool(format: Self.name, tool: "a C compiler", hint: "install gcc, or set CC")
    }
    do {
      return try CVerification(
        program: program, source: source, folder: written.folder, compiler: compiler
      ).run(images.images)
    } catch {
      throw .verification(format: Self.name, reason: "\(error)")
    }
  }

  /// The program of a graph and its kernels in C.
  private static func network(_ graph: Graph) throws(ExportError) -> (IntegerProgram, CNetwork) {
    do {
      let program = try IntegerProgram(graph)
      return (program, try CNetwork(program))
    } catch let refusal as CRefusal {
      throw .refused(
        format: name, [NodeRefusal(node: refusal.node, kind: refusal.kind, reason: refusal.reason)])
    } catch {
      throw .unsuitable(
        format: name, what: "\(error)", hint: "quantize weights and values to integers of 8 bits first")
    }
  }
}
