import Encodings
import Graphs
import Ops
import Tensors

/// Rows and columns that are added on each side of an image, or removed where they are negative.
struct ONNXPadding: Equatable {
  var top = 0
  var left = 0
  var bottom = 0
  var right = 0

  /// The sum of two paddings.
  static func + (a: ONNXPadding, b: ONNXPadding) -> ONNXPadding {
    ONNXPadding(
      top: a.top + b.top, left: a.left + b.left, bottom: a.bottom + b.bottom, right: a.right + b.right)
  }

  /// The numbers in the order top, left, bottom, right.
  var sides: [Int] { [top, left, bottom, right] }
  /// The padding before the first row and column.
  var start: Extent { Extent(top, left) }
  /// The padding after the last row and column; `nil` where it equals that before the first.
  var end: Extent? { top == bottom && left == right ? nil : Extent(bottom, right) }

  /// A value, with the zeros of a `Pad` before its reader.
  static func taken(
    _ name: String?, into network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> (value: String, padding: ONNXPadding) {
    guard let padded = try network.pending(name, as: PaddedImage.self), padded.order == [0, 1, 2, 3],
      padded.padding.sides.allSatisfy({ $0 >= 0 })
    else {
      return (try network.made(name), ONNXPadding())
    }
    return (padded.value, padded.padding)
  }
}

/// Images with zeros around them.
struct PaddedImage: ONNXPending {
  let value: String
  let padding: ONNXPadding
  /// The graph's axis of each axis of the file.
  var order = [0, 1, 2, 3]

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    guard order == [0, 1, 2, 3] else {
      throw .because(
        "it reads a Pad of images whose channels stand last; convolutions and pooling take one in")
    }
    return try network.appendWindow(name, of: value, padding: padding)
  }
}

extension ONNXNetworkBuilder {
  /// Appends zeros around images, or removes rows and columns at their sides.
  ///
  /// The op is a depthwise convolution whose filters copy one pixel.
  mutating func appendWindow(
    _ name: String, of value: String, padding: ONNXPadding
  ) throws(ONNXRefusal) -> String {
    let shape = shape(of: value)
    guard shape.rank == 4 else { throw .because("rows and columns of \(shape), expected images") }
    let taken = padding.sides.map { max(-$0, 0) }
    let kernel = Extent(taken[0] + taken[2] + 1, taken[1] + taken[3] + 1)
    guard kernel.height <= shape[2], kernel.width <= shape[3], kernel.count <= 1 << 12,
      shape[1] * kernel.count <= 1 << 24,
      padding.sides.allSatisfy({ $0 <= Window.maximumSide })
    else { throw .because("it takes away \(kernel) and leaves little of \(shape)") }
    let added = ONNXPadding(
      top: max(padding.top, 0), left: max(padding.left, 0), bottom: max(padding.bottom, 0),
      right: max(padding.right, 0))
    var weight = Tensor(zeros: [shape[1], 1, kernel.height, kernel.width])
    for channel in 0..<shape[1] {
      weight.values[channel * kernel.count + taken[0] * kernel.width + taken[1]] = 1
    }
    return try append(
      Conv2D(
        filters: shape[1], kernel: kernel, padding: added.start, endPadding: added.end, groups: shape[1],
        bias: false), name: name, inputs: [value], parameters: [.weight: Parameter(weight)])
  }

  /// True if no number of a value is negative, for any image.
  func isNonNegative(_ value: String) -> Bool {
    guard let node = graph.node(named: value) else { return false }
    switch node.op {
    case is ReLU, is ReLU6, is Sigmoid, is HardSigmoid, is Softmax: return true
    case is MaxPool, is AveragePool, is GlobalAveragePool, is Concat, is Add, is Multiply, is ChannelShuffle,
      is ChannelSlice, is Dropout:
      return node.inputs.allSatisfy(isNonNegative)
    default: return false
    }
  }
}
