import Encodings
import Foundation
public import Graphs
public import Settings
import SwiftProtobuf

/// Writes ONNX files for onnxruntime and other programs: floats, or integers between pairs of quantization
/// nodes.
///
/// **Rounding** a value is the nearest multiple of its scale, ties to even, of a sum that is exact in 32-bit
/// integers and is scaled in 32-bit floats. Encodings without a form in ONNX (masks, codebooks) are written
/// as the numbers that they represent.
public struct ONNXExporter: Exporter {
  /// The name of the format: `onnx`.
  public static let name = "onnx"
  /// The description in lists of formats.
  public static let summary =
    "model.onnx for onnxruntime: floats, or integers that it computes in where values are quantized; "
    + "rounds to nearest, ties to even, scales in 32-bit floats"

  /// The largest size of a protobuf message in bytes.
  static let maximumBytes = 1 << 31 - 1

  /// The storage of weights of 8 bits.
  public var weights = ONNXWeights.exact
  /// The storage of weights of at most 4 bits.
  public var lowBits = ONNXLowBits.packed
  /// The storage of values of 8 bits.
  public var values = ONNXValues.unsigned

  /// Makes an exporter.
  public init() {}

  /// Settings: `weights`, `lowBits`, `values`.
  public static var settings: [Setting<ONNXExporter>] {
    [
      Setting(
        "weights", \.weights,
        "bytes of weights: exact (signed where no pair of products can leave 16 bits, else unsigned around 128: the same "
          + "numbers on every processor), signed (twice as fast with VNNI, wrong without) or unsigned"),
      Setting(
        "lowBits", \.lowBits,
        "weights of at most 4 bits: packed (INT4 and INT2; bytes are made of them before the DequantizeLinear of quantized networks, "
          + "so that onnxruntime computes in integers), direct (a DequantizeLinear reads them, which onnxruntime computes in "
          + "floats; beside quantized values 2 bits take 4) or bytes (a byte each, operator set 17)"),
      Setting(
        "values", \.values,
        "bytes of values: unsigned, or signed for programs that take nothing else (onnxruntime makes them unsigned)"
      ),
    ]
  }

  /// Refuses ops without a form in ONNX, and values with encodings other than integers.
  public func refusals(of graph: Graph, _ options: ExportOptions) -> [NodeRefusal] {
    graph.nodes.compactMap { node in
      guard node.op is any ONNXNodeWriter else { return .withoutONNXForm(node) }
      guard let encoding = graph.values[node.name], !(encoding is IntegerValue) else { return nil }
      return NodeRefusal(
        node: node.name, kind: node.op.kind,
        reason: "its values are encoded as \(encoding.kind), ONNX has integers alone")
    }
  }

  /// Writes the model; throws `ExportError.unsuitable` for files beyond 2 GiB.
  public func artifact(of model: Model, _ options: ExportOptions) throws(ExportError) -> ONNXArtifact {
    var writer = ONNXModelWriter(model, self)
    let proto = try writer.write()
    let integers = writer.weightSummary.map { ", \($0)" } ?? ""
    do {
      let bytes: Data = try proto.serializedBytes()
      guard bytes.count <= Self.maximumBytes else {
        throw ExportError.unsuitable(
          format: Self.name, what: "\(bytes.count) bytes are more than a file of this format may have",
          hint: "make the network smaller")
      }
      let version = proto.opsetImport[0].version
      return ONNXArtifact(
        model: ExportFile(
          name: "\(options.baseName).onnx", summary: "ONNX, operator set \(version)\(integers)",
          bytes: [UInt8](bytes)))
    } catch let error as ExportError {
      throw error
    } catch {
      throw .unsuitable(
        format: Self.name, what: "the network cannot be written: \(error)", hint: "make it smaller")
    }
  }
}

/// The artifact of ONNX export: one file.
public struct ONNXArtifact: Artifact {
  /// The model's file.
  public let model: ExportFile

  /// The model's file alone.
  public var files: [ExportFile] { [model] }
}
