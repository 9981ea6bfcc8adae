public import Graphs
import Ops
import Tensors
import Settings

/// Writes TensorFlow Lite's .tflite: in bytes where all values are integers, else in floats.
///
/// Bytes are TensorFlow Lite's int8 scheme: `real = scale · (q - zeroPoint)`, a scale for each output channel of weights, biases of 32
/// bits. Its kernels round by a multiplier of 31 bits, and some of them twice, so logits may differ by a step from those of
/// the integer reference. Weights behind masks or in codebooks are written out: the format has no form that its kernels run.
public struct TFLiteExporter: Exporter {
  public static let name = "tflite"
  public static let summary =
    "TensorFlow Lite: floats, or int8 where all values are integers; rounds as its kernels do, within a step of ours"

  public init() {}

  public func refusals(of graph: Graph, _ options: ExportOptions) -> [NodeRefusal] {
    let shipped: Graph
    do throws(GraphError) {
      shipped = try graph.foldedForInference()
    } catch .missingParameter {
      // Asked before there are weights: the structure tells as much as it can.
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

  public func artifact(of model: Model, _ options: ExportOptions) throws(ExportError) -> TFLiteArtifact {
    let graph: Graph
    do throws(GraphError) { graph = try model.graph.foldedForInference() } catch {
      throw .unsuitable(format: Self.name, what: "\(error)", hint: "train the model again")
    }
    var builder = TFLiteBuilder(graph)
    for node in graph.nodes where !builder.isFused(node) {
      guard let op = node.op as? any TFLiteNode else {
        throw .refused(format: Self.name, [.withoutTFLiteForm(node)])
      }
      op.write(node, to: &builder)
    }
    builder.finish(outputs: graph.outputs, metadata: [TFLiteMetadata.entry(of: model)])
    let bytes = builder.model.encoded(description: "\(options.baseName), made by Condense")
    let summary = builder.isInteger ? "the network in bytes" : "the network in floats"
    return TFLiteArtifact(
      model: ExportFile(name: "\(options.baseName).tflite", summary: summary, bytes: bytes))
  }
}

extension NodeRefusal {
  /// An op that TensorFlow Lite's form is not known of.
  fileprivate static func withoutTFLiteForm(_ node: Node) -> NodeRefusal {
    NodeRefusal(node: node.name, kind: node.op.kind, reason: "TensorFlow Lite has no form for it here")
  }
}

/// What TensorFlow Lite export makes: one file.
public struct TFLiteArtifact: Artifact {
  /// The model.
  public let model: ExportFile

  public var files: [ExportFile] { [model] }
}
