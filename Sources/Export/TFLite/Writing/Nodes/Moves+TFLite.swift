import Graphs
import Ops
import Tensors

extension Flatten: TFLiteNode {
  /// Features have the order of pixels with channels last.
  ///
  /// If only dense layers read them, the columns of these layers take that order; otherwise a transposition
  /// to channels first precedes.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let shape = builder.graph.inputShapes(of: node)[0]
    let isOrdered = shape.rank != 4 || shape[1] == 1 || shape[2] * shape[3] == 1
    var input = builder.tensor(node.inputs[0])
    if !isOrdered, !builder.readersTakeAnyOrder(node.name) {
      input = builder.planesFirst(input, shape, "\(node.name).planes", like: node.inputs[0])
    }
    builder.reshape(input, to: node.name)
    if !isOrdered, builder.readersTakeAnyOrder(node.name) {
      builder.markInterleaved(node.name, planes: Shape(Array(shape.dimensions.dropFirst())))
    }
  }
}

extension Reshape: TFLiteNode {
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    guard let shape = graph.shape(of: node.name), shape.rank == 2 || shape.rank == 4 else {
      return "values of \(graph.shape(of: node.name)?.rank ?? 0) axes have no agreed order"
    }
    return nil
  }

  /// Transposes to channels first, which is the graph's order, reshapes, and transposes back.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let source = builder.graph.inputShapes(of: node)[0]
    let shape = builder.graph.shape(of: node.name) ?? []
    let input =
      source.rank == 4
      ? builder.planesFirst(
        builder.tensor(node.inputs[0]), source, "\(node.name).planes", like: node.inputs[0])
      : builder.tensor(node.inputs[0])
    guard shape.rank == 4 else {
      builder.reshape(input, to: node.name)
      return
    }
    let extents = shape.dimensions.map { Int32($0) }
    let constant = builder.constant(integers: extents, shape: [4], name: "\(node.name).shape")
    let planes = builder.temporary(
      "\(node.name).reshaped", extents, builder.quantization(of: node.inputs[0]))
    builder.call(.reshape, [input, constant], to: planes)
    let order = builder.constant(integers: [0, 2, 3, 1], shape: [4], name: "\(node.name).order")
    builder.call(.transpose, [planes, order], to: builder.define(node.name))
  }
}

extension AnchorRows: TFLiteNode {
  /// Pixels already have their channels adjacent.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    builder.reshape(builder.tensor(node.inputs[0]), to: node.name)
  }
}

extension Dropout: TFLiteNode {
  /// Writes nothing: in inference a dropout passes on its input.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    builder.alias(node.name, to: node.inputs[0])
  }
}

extension Upsample: TFLiteNode {
  /// Refuses bilinear upsampling of bytes by factors other than powers of two.
  ///
  /// The kernels step along an image in 1024ths, in which the error of other factors adds up.
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    isInteger && mode == .bilinear && factor & (factor - 1) != 0
      ? "bilinear upsampling of bytes is exact there for factors that are powers of two alone, found \(factor)"
      : nil
  }

  /// The operator keeps its input's grid; another grid is made by a second operator.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let shape = TFLiteBuilder.shape(builder.graph.shape(of: node.name) ?? [])
    let size = builder.constant(integers: [shape[1], shape[2]], shape: [2], name: "\(node.name).size")
    let inputs = [builder.tensor(node.inputs[0]), size]
    guard mode == .bilinear else {
      builder.call(.resizeNearest, inputs, to: builder.define(node.name))
      return
    }
    guard builder.isInteger else {
      builder.call(.resizeBilinear, inputs, for: node)
      return
    }
    let larger = builder.temporary("\(node.name).larger", shape, builder.quantization(of: node.inputs[0]))
    builder.call(.resizeBilinear, inputs, to: larger)
    builder.call(.requantize, [larger], for: node)
  }
}

extension ChannelShuffle: TFLiteNode {
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    graph.shape(of: node.name)?.rank == 4 ? nil : "only channels of images are shuffled"
  }

  /// Transposes the channels as a table of groups and members.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let shape = TFLiteBuilder.shape(builder.graph.shape(of: node.name) ?? [])
    let (groups, members) = (Int32(groups), shape[3] / Int32(groups))
    let quantization = builder.quantization(of: node.inputs[0])
    let pixels = shape[1] * shape[2]
    let split = [pixels, groups, members]
    let name = node.name
    let splitShape = builder.constant(integers: split, shape: [3], name: "\(name).groups.shape")
    let table = builder.temporary("\(name).groups", split, quantization)
    builder.call(.reshape, [builder.tensor(node.inputs[0]), splitShape], to: table)
    let order = builder.constant(integers: [0, 2, 1], shape: [3], name: "\(name).order")
    let transposed = builder.temporary("\(name).members", [pixels, members, groups], quantization)
    builder.call(.transpose, [table, order], to: transposed)
    builder.reshape(transposed, to: name)
  }
}

extension ChannelSlice: TFLiteNode {
  /// Channels are the last axis.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let shape = TFLiteBuilder.shape(builder.graph.shape(of: node.name) ?? [])
    let places = Int32(shape.count)
    let first = Array(repeating: Int32(0), count: shape.count - 1) + [Int32(start)]
    let begin = builder.constant(integers: first, shape: [places], name: "\(node.name).begin")
    let size = builder.constant(integers: shape, shape: [places], name: "\(node.name).size")
    builder.call(.slice, [builder.tensor(node.inputs[0]), begin, size], to: builder.define(node.name))
  }
}

extension TFLiteBuilder {
  /// Transposes a tensor of pixels to channels first, `[1, channels, height, width]`.
  fileprivate mutating func planesFirst(
    _ tensor: Int32, _ shape: Shape, _ name: String, like value: String
  ) -> Int32 {
    let order = constant(integers: [0, 3, 1, 2], shape: [4], name: "\(name).order")
    let result = temporary(name, shape.dimensions.map { Int32($0) }, quantization(of: value))
    call(.transpose, [tensor, order], to: result)
    return result
  }

  /// Reshapes a tensor to the shape of a value, without reordering its elements.
  fileprivate mutating func reshape(_ tensor: Int32, to value: String) {
    let shape = Self.shape(graph.shape(of: value) ?? [])
    let extents = constant(integers: shape, shape: [Int32(shape.count)], name: "\(value).shape")
    call(.reshape, [tensor, extents], to: define(value))
  }
}
