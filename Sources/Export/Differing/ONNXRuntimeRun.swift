import Foundation
import Graphs
import SwiftProtobuf
public import Tensors

/// An ONNX file run by onnxruntime, in a Python of this machine.
public struct ONNXRuntimeRun: ModelRun {
  private static let package = RuntimePython.Package(name: "onnxruntime", modules: ["onnxruntime"])

  private let python: RuntimePython
  private let file: String
  private let proto: ONNXModelProto

  /// Reads the file; throws if it is invalid or onnxruntime is missing.
  public init(_ file: String) throws {
    python = try RuntimePython(with: Self.package)
    self.file = URL(filePath: file).standardizedFileURL.path
    let bytes = try ModelFile.contents(of: file, expected: "ONNX", accepting: ONNXFile.isBeginning)
    do {
      proto = try ONNXModelProto(serializedBytes: bytes, partial: true)
    } catch {
      throw ModelFileError.onnx(file: file, .damaged(reason: "the protobuf message cannot be read: \(error)"))
    }
  }

  /// The word `onnxruntime` with the Python's path.
  public var method: String { "onnxruntime in \(python.path)" }
  /// True if a node of the file quantizes.
  public var isInteger: Bool { proto.graph.node.contains { $0.opType == "QuantizeLinear" } }

  /// The outputs of all images.
  public func outputs(of images: Tensor) throws -> [Float] {
    [Float](littleEndian: [UInt8](try run(images, names: nil)))
  }

  /// The outputs of all nodes for one image, which are made outputs of the model.
  public func layers(of image: Tensor) throws -> [RunLayer] {
    let constants = Set(proto.graph.initializer.map(\.name))
    var seen: Set<String> = []
    let names = proto.graph.node.filter { $0.opType != "Constant" }.flatMap(\.output)
      .filter { !$0.isEmpty && !constants.contains($0) && seen.insert($0).inserted }
    let steps = self.steps
    return try RunListing(data: try run(image, names: names)).layers.map { entry in
      RunLayer(
        name: ONNXNames.readable(entry.name), shape: Shape(entry.extents), values: entry.values,
        step: steps[entry.name])
    }
  }

  /// The scales of quantized values, by name.
  private var steps: [String: Float] {
    var scales: [String: Float] = [:]
    let decoder = ONNXTensorDecoder(external: ONNXExternalFiles(folder: nil))
    for tensor in proto.graph.initializer where tensor.dims.allSatisfy({ $0 == 1 }) && tensor.dims.count <= 1
    {
      scales[tensor.name] = (try? decoder.constant(tensor))?.scalar
    }
    var steps: [String: Float] = [:]
    for node in proto.graph.node where node.input.count > 1 {
      switch node.opType {
      case "QuantizeLinear": steps[node.input[0]] = scales[node.input[1]]
      case "DequantizeLinear": steps[node.output.first ?? ""] = scales[node.input[1]]
      default: break
      }
    }
    return steps
  }

  private func run(_ images: Tensor, names: [String]?) throws -> Data {
    var model = proto
    if let names {
      let present = Set(model.graph.output.map(\.name))
      model.graph.output += names.filter { !present.contains($0) }.map { name in
        var value = ONNXValueInfoProto()
        value.name = name
        return value
      }
    }
    var files = ["images.f32": Data(images.values.littleEndianBytes)]
    files["model.onnx"] = try model.serializedData(partial: true)
    files["names.txt"] = Data((names ?? []).joined(separator: "\n").utf8)
    let folder = URL(filePath: file).deletingLastPathComponent().path
    return try python.run(
      Self.script, files: files, arguments: [folder] + images.shape.dimensions.map { "\($0)" },
      result: "result")
  }

  private static let script = RunListing.script(PackageResources.run_onnxruntime_py)
}
