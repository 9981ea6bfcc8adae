import Ops
import Tensors

extension Flatten: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("Flatten", node.inputs, node.output, [.int("axis", 1)])
  }
}

extension Reshape: ONNXNodeWriter {
  /// An extent of 0 keeps the batch.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("Reshape", node.inputs + [file.integers(node.name + "/shape", [0] + shape)], node.output)
  }
}

extension ChannelShuffle: ONNXNodeWriter {
  /// Writes a reshape that gives groups an axis, a transposition of the groups and their members, and a
  /// reshape back.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    let shape = node.inputShapes[0].dimensions
    let plane = shape.dropFirst(2)
    let split = file.integers(node.name + "/split", [0, groups, shape[1] / groups] + plane)
    let joined = file.integers(node.name + "/joined", [0, shape[1]] + plane)
    let grouped = file.add("Reshape", [node.inputs[0], split], file.fresh(node.name + "/grouped"))
    let order = [0, 2, 1] + (3..<3 + plane.count)
    let swapped = file.add(
      "Transpose", [grouped], file.fresh(node.name + "/swapped"), [.ints("perm", order)])
    file.add("Reshape", [swapped, joined], node.output)
  }
}

extension AnchorRows: ONNXNodeWriter {
  /// Writes a transposition to channels last, then a flattening.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    let last = file.add(
      "Transpose", node.inputs, file.fresh(node.name + "/places"), [.ints("perm", [0, 2, 3, 1])])
    file.add("Flatten", [last], node.output, [.int("axis", 1)])
  }
}

extension ChannelSlice: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    let numbers = [("start", start), ("end", start + count), ("axis", 1)]
    file.add(
      "Slice", node.inputs + numbers.map { file.integers("\(node.name)/\($0.0)", [$0.1]) }, node.output)
  }
}

extension Dropout: ONNXNodeWriter {
  /// In inference the output is the input; the rate is written for further training.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("Dropout", node.inputs + [file.scalar(node.name + "/ratio", rate)], node.output)
  }
}

extension Upsample: ONNXNodeWriter {
  /// The second input, a region, is left out.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    let scales = file.floats(node.name + "/scales", [1, 1, Float(factor), Float(factor)])
    file.add(
      "Resize", node.inputs + ["", scales], node.output,
      mode == .nearest
        ? [
          .string("mode", "nearest"), .string("coordinate_transformation_mode", "asymmetric"),
          .string("nearest_mode", "floor"),
        ] : [.string("mode", "linear"), .string("coordinate_transformation_mode", "half_pixel")])
  }
}
