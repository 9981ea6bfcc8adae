import Encodings
import Execution
public import Graphs
import Ops
public import Settings
import Targets
import Tasks
import Tensors

/// Writes a network as one header and one source of C99 with an example, for microcontrollers and other
/// platforms.
///
/// Networks whose values are integers are computed in bytes: the arithmetic of `IntegerProgram` bit for bit,
/// without floating point, division, heap or library. Other networks are computed in floats. Memory is one
/// arena, planned by the lifetimes of values; weights lie in flash.
public struct CExporter: Exporter {
  /// The name of the format: `c`.
  public static let name = "c"
  /// The default name of files and symbols: `network`.
  public static let defaultBaseName = "network"
  /// The description in lists of formats.
  public static let summary =
    "C99 without libraries for microcontrollers: signed bytes, equal to the integer reference bit for bit, or floats"

  /// The layers of which only non-zero weights are stored.
  public var sparse = CSparse.auto

  /// True if integer weights are Huffman-coded where that takes fewer bytes.
  public var huffman = false

  /// Makes an exporter with the default settings.
  public init() {}

  /// Makes an exporter with the settings.
  public init(sparse: CSparse, huffman: Bool = false) {
    self.sparse = sparse
    self.huffman = huffman
  }

  /// Settings: `sparse`, `huffman`.
  public static var settings: [Setting<CExporter>] {
    [
      Setting(
        "sparse", \.sparse,
        "where only weights that are not zero are kept, with the distances between them: auto (behind masks, where that takes "
          + "fewer bytes), never or always"),
      Setting(
        "huffman", \.huffman,
        "whether integer weights are Huffman-coded where that takes fewer bytes, and decoded some rows at a time"
      ),
    ]
  }

  /// Refuses ops without a kernel in C, networks of several inputs or outputs, and integers that
  /// `IntegerProgram` refuses.
  public func refusals(of graph: Graph, _ options: ExportOptions) -> [NodeRefusal] {
    guard !graph.values.isEmpty else {
      return CNetwork.floatRefusals(of: graph).map {
        NodeRefusal(node: $0.node, kind: $0.kind, reason: $0.reason)
      }
    }
    guard case .unsupported(let name, let reason)? = IntegerProgram.refusal(of: graph) else { return [] }
    return [NodeRefusal(node: name, kind: graph.node(named: name)?.op.kind ?? "input", reason: reason)]
  }

  /// Folds batch norms, lowers the network, plans its memory, and writes header, source and example.
  public func artifact(of model: Model, _ options: ExportOptions) throws(ExportError) -> CArtifact {
    let base = CIdentifier.sanitized(options.baseName, fallback: Self.defaultBaseName)
    let room = Self.room(options)
    do {
      guard !model.graph.values.isEmpty else {
        let network = try CNetwork(floats: try model.graph.foldedForInference(), sparse: sparse)
        return CArtifact(CSource(network, name: base, pixels: nil, room: room), integers: nil)
      }
      let program = try IntegerProgram(model.graph)
      let decoder = try Self.decoder(of: model.graph)
      let network = try CNetwork(program, CStorage(sparse: sparse, huffman: huffman), decoder: decoder)
      let source = CSource(network, name: base, pixels: CPixels(model.input, program), room: room)
      return CArtifact(source, integers: CReference(program, decoder: decoder))
    } catch let refusal as CRefusal {
      throw .refused(
        format: name, [NodeRefusal(node: refusal.node, kind: refusal.kind, reason: refusal.reason)])
    } catch {
      throw .unsuitable(
        format: name, what: "\(error)",
        hint: "quantize all weights and values to integers of 8 bits or less, or none")
    }
  }

  /// Compiles and runs the source on this machine; integers must equal the reference bit for bit, floats
  /// within a tolerance.
  public func verify(
    _ written: WrittenExport<CArtifact>, of model: Model, on images: VerificationImages
  ) throws(ExportError) -> Verification? {
    let compiler = try compiler()
    do {
      let run = try CHostRun(source: written.artifact.source, folder: written.folder, compiler: compiler)
      defer { run.remove() }
      guard let reference = written.artifact.integers else {
        return try CFloatVerification(run: run, graph: model.graph).run(images)
      }
      return try CVerification(graph: model.graph, reference: reference, run: run).run(images)
    } catch {
      throw .verification(format: Self.name, reason: "\(error)")
    }
  }

  /// What makes detections of a detector's outputs; `nil` for other networks.
  private static func decoder(of graph: Graph) throws(CRefusal) -> IntegerDecoder? {
    guard graph.outputs.count > 1, graph.outputs.contains(where: { graph.anchorRows(behind: $0) != nil })
    else { return nil }
    let heads = try? ObjectDetection().heads(of: graph, network: "the network")
    guard let heads, let decoder = IntegerDecoder(heads) else { throw .ofDetections }
    return decoder
  }

  /// The bytes of memory that may be traded for speed: half of the RAM of the target.
  private static func room(_ options: ExportOptions) -> Int {
    Int(options.target?.ramBytes?.value ?? 0) / 2
  }

  /// Throws where this machine has no C compiler.
  public func requireVerificationTools() throws(ExportError) { _ = try compiler() }

  private func compiler() throws(ExportError) -> HostCompiler {
    guard let compiler = HostCompiler() else {
      throw .missingTool(format: Self.name, tool: "a C compiler", hint: HostCompiler.remedy)
    }
    return compiler
  }
}
