import Graphs
import Tensors

/// The way in which a kernel slides over a plane, for convolutions and poolings.
///
/// Output row i reads input rows `i·stride - padding + k·dilation` for kernel rows k; rows outside are
/// padding. The padding at the end only decides the number of windows.
public struct Window: Sendable, Hashable {
  /// The most that kernel, stride, padding and dilation may be; products of two are far from overflow.
  public static let maximumSide = 65_536
  /// The most elements of a kernel, as kernels keep a table entry for each.
  public static let maximumKernelCount = 1 << 20

  /// The kernel's rows and columns.
  public var kernel: Extent
  /// The step between windows.
  public var stride: Extent
  /// Rows and columns of padding at the top and on the left.
  public var padding: Extent
  /// Rows and columns of padding at the bottom and on the right.
  public var endPadding: Extent
  /// The step between kernel elements.
  public var dilation: Extent

  /// Makes a window; `endPadding` is as much as `padding` where it is `nil`.
  public init(
    kernel: Extent, stride: Extent = 1, padding: Extent = 0, dilation: Extent = 1, endPadding: Extent? = nil
  ) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.endPadding = endPadding ?? padding
    self.dilation = dilation
  }

  /// True if any padding is not zero.
  public var isPadded: Bool { padding != 0 || endPadding != 0 }
  /// True if opposite sides have the same padding.
  public var isSymmetric: Bool { padding == endPadding }

  /// Refuses sides out of range, and kernels of too many elements.
  func validate(op: String) throws(ShapeError) {
    let positive = 1...Self.maximumSide
    for (name, extent) in [("kernel", kernel), ("stride", stride), ("dilation", dilation)]
    where !extent.isWithin(positive) {
      throw .invalidSetting(op: op, reason: "\(name) \(extent) is outside 1...\(Self.maximumSide)")
    }
    guard kernel.count <= Self.maximumKernelCount else {
      throw .invalidSetting(
        op: op, reason: "kernel \(kernel) has more than \(Self.maximumKernelCount) elements")
    }
    for (name, extent) in [("padding", padding), ("endPadding", endPadding)]
    where !extent.isWithin(0...Self.maximumSide) {
      throw .invalidSetting(op: op, reason: "\(name) \(extent) is outside 0...\(Self.maximumSide)")
    }
  }

  /// The extent of the output for an input `[N, C, H, W]`; throws if the kernel exceeds the padded image.
  func outputExtent(_ input: Shape, op: String) throws(ShapeError) -> Extent {
    let outside = Extent(padding.height + endPadding.height, padding.width + endPadding.width)
    let height = Self.steps(input[2], kernel.height, stride.height, outside.height, dilation.height)
    let width = Self.steps(input[3], kernel.width, stride.width, outside.width, dilation.width)
    guard let height, let width else {
      throw .tooSmall(op: op, what: "the kernel", input: input, kernel: [kernel.height, kernel.width])
    }
    return Extent(height, width)
  }

  private static func steps(_ input: Int, _ kernel: Int, _ stride: Int, _ outside: Int, _ dilation: Int)
    -> Int?
  {
    let room = input + outside - ((kernel - 1) * dilation + 1)
    return room >= 0 ? room / stride + 1 : nil
  }

  /// The stretches of the input plane that each kernel element reads, row-major; padding is left out.
  func taps(input: Shape, output: Shape) -> [[Stretch]] {
    var taps: [[Stretch]] = []
    for row in 0..<kernel.height {
      for column in 0..<kernel.width { taps.append(stretches(row, column, input, output)) }
    }
    return taps
  }

  private func stretches(_ row: Int, _ column: Int, _ input: Shape, _ output: Shape) -> [Stretch] {
    let top = row * dilation.height - padding.height
    let left = column * dilation.width - padding.width
    let columns = Self.inside(offset: left, stride: stride.width, input: input[3], output: output[3])
    guard !columns.isEmpty else { return [] }
    return Self.inside(offset: top, stride: stride.height, input: input[2], output: output[2]).map { y in
      let x = columns.lowerBound
      return Stretch(
        output: y * output[3] + x,
        input: (y * stride.height + top) * input[3] + x * stride.width + left, count: columns.count)
    }
  }

  /// The output positions i for which `i·stride + offset` lies in `0..<input`.
  private static func inside(offset: Int, stride: Int, input: Int, output: Int) -> Range<Int> {
    let first = offset >= 0 ? 0 : (-offset + stride - 1) / stride
    let end = offset >= input ? 0 : min(output, (input - 1 - offset) / stride + 1)
    return first < end ? first..<end : 0..<0
  }
}

/// A run of output elements in one row, and the first input element that it reads.
///
/// The input advances by the stride.
struct Stretch {
  let output: Int
  let input: Int
  let count: Int
}
