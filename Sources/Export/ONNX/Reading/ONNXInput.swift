import Graphs
import Tensors

/// What a file says about the network's input.
enum ONNXInput {
  /// The most rows, columns or channels.
  private static let maximumSide: Int64 = 65_536

  /// The only input that is no stored tensor: floats of N images of known size.
  static func only(of graph: ONNXGraphProto, tensors: Set<String>) throws(ONNXFileProblem) -> GraphInput {
    let inputs = graph.input.filter { !tensors.contains($0.name) }
    guard inputs.count == 1, let input = inputs.first, !input.name.isEmpty else {
      let names = inputs.prefix(5).map(\.name).joined(separator: ", ")
      throw .input(reason: "\(inputs.count) inputs (\(names)), expected one of images")
    }
    guard input.hasType, input.type.hasTensorType else {
      throw .input(reason: "\"\(input.name)\" is no tensor")
    }
    let tensor = input.type.tensorType
    guard tensor.elemType == Int32(ONNXTensorProto.DataType.float.rawValue) else {
      throw .input(
        reason: "\"\(input.name)\" has elements of type \(tensor.elemType), expected 1 (32-bit floats)")
    }
    let extents = tensor.shape.dim
    guard extents.count == 4 else {
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
