public import Graphs
import Ops
import Tensors
public import Settings

/// Writes TensorFlow Lite's .tflite files: in bytes where all values are integers, else in floats.
///
/// Bytes have TensorFlow Lite's int8 scheme: `real = scale · (q - zeroPoint)`, a scale for each output
/// channel of weights, and biases of 32 bits. Its kernels round by a multiplier of 31 bits, some of them
/// twice, so logits may differ by a step from those of the integer reference. Weights behind masks or in
/// codebooks are written in full, as the format has no form for them that its kernels run, except for TFLite
/// Micro and its operator DECODE.
public struct TFLiteExporter: Exporter {
  /// The name of the format: `tflite`.
  public static let name = "tflite"
  /// The description in lists of formats.
  public static let summary =
    "TensorFlow Lite: floats, or int8 where all values are integers; rounds as its kernels do, within a step of ours"

  /// The storage of weights of at most 4 bits.
  public var lowBits = TFLiteLowBits.bytes
  /// The use of TFLite Micro's operator DECODE for weights.
  public var decode = TFLiteDecoding.never

  /// Makes an exporter with the default settings.
  public init() {}

  /// Settings: `lowBits`, `decode`.
  public static var settings: [Setting<TFLiteExporter>] {
    [
      Setting(
        "lowBits", \.lowBits,
        "weights of at most 4 bits in a network of bytes: bytes, or packed (INT4; LiteRT and TFLite Micro run them, LiteRT more "
          + "slowly than bytes)"),
      Setting(
        "decode", \.decode,
        "weights in the forms of TFLite Micro's operator DECODE, which no other program runs: never, or smallest (tables, codes or "
          + "masks where they take fewer bytes)"),
    ]
  }

  /// Refuses ops without a form in TensorFlow Lite, some of integers, and weights that are not bytes beside
  /// integer values.
  public func refusals(of graph: Graph, _ options: ExportOptions) -> [NodeRefusal] {
    let shipped: Graph
    do throws(GraphError) {
      shipped = try graph.foldedForInference()
    } catch .missingParameter {
      // Before training there are no weights, and only the structure is checked.
      shipped = graph
    } catch {
      return [NodeRefusal(node: "network", kind: "graph", reason: "\(error)")]
    }
    let isInteger = TFLiteBuilder.isInteger(shipped)
    return shipped.nodes.compactMap { node in
      guard let op = node.op as? any TFLiteNode else { return .withoutTFLiteForm(node) }
      let reason: String?
      if let shape = shipped.shape(of: node.name), shape.rank != 2, shape.rank != 4 {
        reason = "values of \(shape.rank) axes have no agreed order"
      } else {
        reason = op.refusal(node, in: shipped, isInteger: isInteger)
      }
      return reason.map { NodeRefusal(node: node.name, kind: node.op.kind, reason: $0) }
    }
  }

  /// Folds batch norms and writes the model.
  public func artifact(of model: Model, _ options: ExportOptions) throws(ExportError) -> TFLiteArtifact {
    let graph: Graph
    do throws(GraphError) { graph = try model.graph.foldedForInference() } catch {
      throw .unsuitable(format: Self.name, what: "\(error)", hint: "train the model again")
    }
    var builder = TFLiteBuilder(graph, self)
    for node in graph.nodes where !builder.isFused(node) {
      guard let op = node.op as? any TFLiteNode else {
        throw .refused(format: Self.name, [.withoutTFLiteForm(node)])
      }
      op.write(node, to: &builder)
    }
    builder.finish(outputs: graph.outputs, metadata: [TFLiteMetadata.entry(of: model)])
    let bytes = builder.model.encoded(description: "\(options.baseName), made by Condense")
    let numbers = builder.isInteger ? "the network in bytes" : "the network in floats"
    return TFLiteArtifact(
      model: ExportFile(
        name: "\(options.baseName).tflite", summary: numbers + words(for: builder.decoded), bytes: bytes))
  }

  /// The programs that run the file and the forms of its weights, in words, if DECODE is used.
  private func words(for forms: [TFLiteDecode.Form: Int]) -> String {
    guard decode == .smallest else { return "" }
    guard !forms.isEmpty else { return "; no weights take fewer bytes in the forms of DECODE" }
    let parts = [(TFLiteDecode.Form.table, "tables"), (.huffman, "codes"), (.pruned, "masks")]
      .compactMap { form, words in forms[form].map { "\(words) in \($0)" } }
    return "; for TFLite Micro alone, which decodes weights: " + parts.joined(separator: ", ")
  }
}

extension NodeRefusal {
  /// The refusal of a node whose op has no form in TensorFlow Lite.
  fileprivate static func withoutTFLiteForm(_ node: Node) -> NodeRefusal {
    NodeRefusal(node: node.name, kind: node.op.kind, reason: "TensorFlow Lite has no form for it here")
  }
}

/// The artifact of TensorFlow Lite export: one file.
public struct TFLiteArtifact: Artifact {
  /// The model's file.
  public let model: ExportFile

  /// The model's file alone.
  public var files: [ExportFile] { [model] }
}
