import Ops
import Tensors

/// The kernel, stride, dilation and padding of a convolution or a pooling node.
struct ONNXWindow {
  let kernel: Extent
  let stride: Extent
  let dilation: Extent
  var padding: ONNXPadding

  /// Reads the attributes.
  ///
  /// `kernel` is the kernel of nodes without the attribute, and `padding` that of a node before this one.
  init(
    _ node: ONNXNode, kernel: [Int]? = nil, input: Shape, padding: ONNXPadding = ONNXPadding()
  ) throws(ONNXRefusal) {
    guard input.rank == 4 else { throw .because("it reads \(input), expected images NxCxHxW") }
    let given = try node.ints("kernel_shape")
    guard let sides = given ?? kernel, sides.count == 2 else {
      throw .because("a kernel of \(given ?? []), expected rows and columns")
    }
    if let kernel, sides != kernel {
      throw .because("kernel_shape \(sides), but its weight has \(kernel) rows and columns")
    }
    self.kernel = try Self.extent(sides, "kernel_shape", least: 1)
    stride = try Self.extent(try node.ints("strides") ?? [1, 1], "strides", least: 1)
    dilation = try Self.extent(try node.ints("dilations") ?? [1, 1], "dilations", least: 1)
    let automatic = try node.string("auto_pad", default: "NOTSET")
    switch automatic {
    case "NOTSET", "": self.padding = try Self.padding(try node.ints("pads") ?? [0, 0, 0, 0]) + padding
    case "VALID": self.padding = padding
    case "SAME_UPPER", "SAME_LOWER":
      let padded = Shape([
        input[0], input[1], input[2] + padding.top + padding.bottom, input[3] + padding.left + padding.right,
      ])
      self.padding =
        Self.same(self.kernel, stride, dilation, padded, lower: automatic == "SAME_LOWER") + padding
    default: throw .because("auto_pad \(automatic)")
    }
    guard self.padding.sides.allSatisfy({ (0...Window.maximumSide).contains($0) }) else {
      throw .because("padding of \(self.padding.sides), expected 0...\(Window.maximumSide)")
    }
  }

  /// Adds padding for the windows of a size that is rounded up; returns true if there are any.
  mutating func roundUp(_ input: Shape) throws(ONNXRefusal) -> Bool {
    let rows = try Self.missing(
      input[2] + padding.top + padding.bottom, kernel.height, stride.height,
      start: input[2] + padding.top)
    let columns = try Self.missing(
      input[3] + padding.left + padding.right, kernel.width, stride.width, start: input[3] + padding.left)
    padding.bottom += rows
    padding.right += columns
    return rows > 0 || columns > 0
  }

  /// The elements by which the last window exceeds the end; a window that starts beyond the image does not
  /// count.
  private static func missing(
    _ extent: Int, _ kernel: Int, _ stride: Int, start: Int
  ) throws(ONNXRefusal) -> Int {
    guard extent >= kernel else { throw .because("ceil_mode with windows larger than the image") }
    var windows = (extent - kernel + stride - 1) / stride + 1
    if (windows - 1) * stride >= start { windows -= 1 }
    return max((windows - 1) * stride + kernel - extent, 0)
  }

  private static func extent(_ sides: [Int], _ name: String, least: Int) throws(ONNXRefusal) -> Extent {
    guard sides.count == 2, sides.allSatisfy({ (least...Window.maximumSide).contains($0) }) else {
      throw .because("\(name) \(sides), expected two numbers in \(least)...\(Window.maximumSide)")
    }
    return Extent(sides[0], sides[1])
  }

  private static func padding(_ pads: [Int]) throws(ONNXRefusal) -> ONNXPadding {
    guard pads.count == 4, pads.allSatisfy({ (0...Window.maximumSide).contains($0) }) else {
      throw .because("pads \(pads), expected four numbers in 0...\(Window.maximumSide)")
    }
    return ONNXPadding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
  }

  /// The padding for an output of the input's size divided by the stride; an odd element goes to the upper or
  /// lower side.
  private static func same(
    _ kernel: Extent, _ stride: Extent, _ dilation: Extent, _ input: Shape, lower: Bool
  ) -> ONNXPadding {
    func sides(_ extent: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> (first: Int, second: Int) {
      let output = (extent + stride - 1) / stride
      let total = max(0, (output - 1) * stride + (kernel - 1) * dilation + 1 - extent)
      return lower ? (total - total / 2, total / 2) : (total / 2, total - total / 2)
    }
    let rows = sides(input[2], kernel.height, stride.height, dilation.height)
    let columns = sides(input[3], kernel.width, stride.width, dilation.width)
    return ONNXPadding(
      top: rows.first, left: columns.first, bottom: rows.second, right: columns.second)
  }
}
