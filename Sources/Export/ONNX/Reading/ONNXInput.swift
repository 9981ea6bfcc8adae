import Graphs
import Tensors

/// What a file says about the network's input.
enum ONNXInput {
  /// The most rows, columns or channels.
  private static let maximumSide: Int64 = 65_536

  /// The inputs that are no stored tensors.
  static func all(of graph: ONNXGraphProto, tensors: Set<String>) throws(ONNXFileProblem) -> [GraphInput] {
    var inputs: [GraphInput] = []
    for input in graph.input where !tensors.contains(input.name) {
      guard !input.name.isEmpty, !inputs.contains(where: { $0.name == input.name }), inputs.count < 16 else {
        throw .input(reason: "inputs without names, with equal names or more than 16")
      }
      inputs.append(try read(input))
    }
    return inputs
  }

  /// Refuses anything but one input of images, which is what a model has.
  static func requireImages(_ inputs: [GraphInput]) throws(ONNXFileProblem) -> GraphInput {
    guard inputs.count == 1 else {
      let names = inputs.prefix(5).map(\.name).joined(separator: ", ")
      throw .input(reason: "\(inputs.count) inputs (\(names)), expected one of images")
    }
    guard inputs[0].shape.rank == 3 else {
      throw .input(
        reason: "\"\(inputs[0].name)\" has \(inputs[0].shape.rank + 1) axes, expected images NxCxHxW")
    }
    return inputs[0]
  }

  /// Floats of N items of known size.
  private static func read(_ input: ONNXValueInfoProto) throws(ONNXFileProblem) -> GraphInput {
    guard input.hasType, input.type.hasTensorType else {
      throw .input(reason: "\"\(input.name)\" is no tensor")
    }
    let tensor = input.type.tensorType
    guard tensor.elemType == Int32(ONNXTensorProto.DataType.float.rawValue) else {
      throw .input(
        reason: "\"\(input.name)\" has elements of type \(tensor.elemType), expected 1 (32-bit floats)")
    }
    let extents = tensor.shape.dim
    guard (2...8).contains(extents.count) else {
      throw .input(reason: "\"\(input.name)\" has \(extents.count) axes, expected images NxCxHxW")
    }
    var shape: [Int] = []
    for (axis, extent) in extents.enumerated().dropFirst() {
      guard extent.hasDimValue, (1...maximumSide).contains(extent.dimValue) else {
        let name = extent.hasDimValue ? "\(extent.dimValue)" : "\"\(extent.dimParam)\""
        throw .input(
          reason: "axis \(axis) of \"\(input.name)\" is \(name), expected a number of 1...\(maximumSide); "
            + "export the network for images of one size")
      }
      shape.append(Int(extent.dimValue))
    }
    return GraphInput(name: input.name, shape: Shape(shape))
  }
}
