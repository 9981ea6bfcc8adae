import Foundation
import Graphs
public import Tensors

/// A .tflite file run by TensorFlow Lite's interpreter, in a Python of this machine.
public struct LiteRTRun: ModelRun {
  private static let package = RuntimePython.Package(
    name: "ai-edge-litert",
    modules: ["ai_edge_litert.interpreter", "tflite_runtime.interpreter", "tensorflow.lite"])

  private let python: RuntimePython
  private let file: String
  private let network: TFLiteNetwork

  /// Reads the file; throws if it is invalid or the interpreter is missing.
  public init(_ file: String) throws {
    python = try RuntimePython(with: Self.package)
    self.file = URL(filePath: file).standardizedFileURL.path
    let bytes = try ModelFile.contents(
      of: file, expected: "TensorFlow Lite", accepting: TFLiteFile.isBeginning)
    do throws(ONNXFileProblem) { network = try TFLiteNetwork(bytes) } catch {
      throw ModelFileError.format(file: file, FormatProblem(TFLiteFileProblem(problem: error)))
    }
  }

  /// The words `TensorFlow Lite's interpreter in` and the Python's path.
  public var method: String { "TensorFlow Lite's interpreter in \(python.path)" }
  /// True if the output is not real, or some operator quantizes.
  public var isInteger: Bool {
    network.outputs.first.map { network.tensors[$0].type?.isReal == false } ?? false
      || network.operators.contains { $0.type == "QUANTIZE" }
  }

  /// The outputs of all images.
  public func outputs(of images: Tensor) throws -> [Float] {
    [Float](littleEndian: [UInt8](try run(images, places: [])))
  }

  /// The outputs of all operators for one image, with channels first.
  public func layers(of image: Tensor) throws -> [RunLayer] {
    var places: [Int] = []
    for call in network.operators {
      for place in call.outputs where !places.contains(place) { places.append(place) }
    }
    let planes = self.planes
    return try RunListing(data: try run(image, places: places)).layers.compactMap { entry in
      guard let place = Int(entry.name), network.tensors.indices.contains(place) else { return nil }
      let tensor = network.tensors[place]
      let name = tensor.name.split(separator: ";").first.map(String.init) ?? ""
      let layer = RunLayer(
        name: ONNXNames.readable(name), channelsLast: planes[place] ?? entry.extents, values: entry.values,
        step: tensor.type?.isReal == false ? tensor.grid?.scales.first : nil)
      guard planes[place] != nil else { return layer }
      return RunLayer(
        name: layer.name, shape: [layer.values.count], values: layer.values, step: layer.step)
    }
  }

  /// For features that were flattened from an image: its rows, columns and channels.
  private var planes: [Int: [Int]] {
    var planes: [Int: [Int]] = [:]
    for call in network.operators {
      guard let input = call.inputs.first, input >= 0, let output = call.outputs.first else { continue }
      let (from, to) = (network.tensors[input].shape, network.tensors[output].shape)
      guard to.count == 2 else { continue }
      if call.type == "RESHAPE", from.count == 4,
        Shape(Array(from.dropFirst())).count(upTo: Graph.maximumElements) == to[1]
      {
        planes[output] = Array(from.dropFirst())
      } else if from == to, !["FULLY_CONNECTED", "SOFTMAX", "LOG_SOFTMAX"].contains(call.type) {
        planes[output] = planes[input]
      }
    }
    return planes
  }

  private func run(_ images: Tensor, places: [Int]) throws -> Data {
    let files = [
      "images.f32": Data(images.values.littleEndianBytes),
      "places.txt": Data(places.map { "\($0)" }.joined(separator: "\n").utf8),
    ]
    return try python.run(
      Self.script, files: files, arguments: [file] + images.shape.dimensions.map { "\($0)" }, result: "result"
    )
  }

  private static let script = RunListing.script(PackageResources.run_litert_py)
}
