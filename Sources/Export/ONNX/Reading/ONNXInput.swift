import Graphs
import Tensors

/// The inputs of a file's network.
enum ONNXInput {
  /// The largest number of rows, columns or channels.
  private static let maximumSide: Int64 = 65_536

  /// The note about a file in half precision.
  static let halfPrecision =
    "computes in half precision; here it computes in single, so results differ in the last digits of halves"

  /// The note about a file with channels last.
  static let channelsLast =
    "takes images with channels last; here, and written again, it takes them with channels first"

  /// The inputs that are not stored tensors.
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

  /// The only input; throws unless there is exactly one of images.
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

  /// The batch that a file was written for; `nil` where it is free.
  static func batch(of graph: ONNXGraphProto, input: String) -> Int? {
    guard let extent = graph.input.first(where: { $0.name == input })?.type.tensorType.shape.dim.first,
      extent.hasDimValue, (1...maximumSide).contains(extent.dimValue)
    else { return nil }
    return Int(extent.dimValue)
  }

  /// True if an input has half-precision numbers.
  static func isHalf(_ graph: ONNXGraphProto, input: String) -> Bool {
    let type = graph.input.first { $0.name == input }?.type.tensorType.elemType ?? 0
    return [ONNXTensorProto.DataType.float16, .bfloat16].contains { Int32($0.rawValue) == type }
  }

  /// Reads an input, which must be floats of a fixed shape for each image.
  private static func read(_ input: ONNXValueInfoProto) throws(ONNXFileProblem) -> GraphInput {
    guard input.hasType, input.type.hasTensorType else {
      throw .input(reason: "\"\(input.name)\" is no tensor")
    }
    let length = input.name.utf8.count
    guard length <= Graph.maximumNameBytes else {
      throw .input(
        reason:
          "its name has \(length) bytes, expected at most \(Graph.maximumNameBytes); give it a shorter one")
    }
    let tensor = input.type.tensorType
    let types: [ONNXTensorProto.DataType] = [.float, .float16, .bfloat16, .double]
    guard types.contains(where: { Int32($0.rawValue) == tensor.elemType }) else {
      throw .input(
        reason: "\"\(input.name)\" has elements of type \(tensor.elemType), expected floats (1, 10, 11 or 16)"
      )
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

/// The order of an image's axes in a file.
enum ONNXImages {
  /// Channels first.
  case channelsFirst
  /// Channels last if the last axis has 1, 3 or 4 elements and the first has not.
  case asShaped
  /// Channels last, unless the first axis has 1, 3 or 4 elements and the last has not.
  case usuallyLast
  /// Channels last.
  case channelsLast

  /// True if an image of a shape has its channels last.
  func areLast(_ shape: Shape) -> Bool {
    let counts: Set<Int> = [1, 3, 4]
    guard shape.rank == 3, self != .channelsFirst else { return false }
    if self == .channelsLast { return true }
    let (isFirst, isLast) = (counts.contains(shape[0]), counts.contains(shape[2]))
    return self == .usuallyLast ? isLast || !isFirst : isLast && !isFirst
  }
}
