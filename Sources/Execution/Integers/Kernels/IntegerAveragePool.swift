public import Ops
public import Tensors

/// The mean of each window.
///
/// **Formula**: `y = clamp(zero_y + rescale[n](Σ (x - zero_x)))`, where `rescale[n]` has the ratio input
/// scale / (n · output scale). n is the number of elements of the window, or of those inside the image if
/// padding does not count.
public struct IntegerAveragePool: IntegerKernel {
  /// The name in listings: `average-pool`.
  public static let kind = "average-pool"

  /// The input's shape, `[C, H, W]`.
  public let input: Shape
  /// The output's shape, `[C, Ho, Wo]`.
  public let output: Shape
  /// Rows and columns of a window; the whole image for global pooling.
  public let kernel: Extent
  /// The step between windows.
  public let stride: Extent
  /// Rows and columns of padding at the top and on the left.
  public let padding: Extent
  /// True if padding counts in the mean.
  public let countsPadding: Bool
  /// The integer for zero in the input.
  public let inputZero: Int32
  /// The rescaling of a sum, by the number of elements that count.
  public let rescales: [Int: Rescale]
  /// The integer for zero in the output.
  public let outputZero: Int32
  /// The least and the greatest output.
  public let bounds: ClosedRange<Int32>

  /// Makes a kernel; `ratio` is input scale / output scale.
  public init(
    input: Shape, output: Shape, kernel: Extent, stride: Extent, padding: Extent, countsPadding: Bool,
    inputZero: Int32, ratio: Double, outputZero: Int32, bounds: ClosedRange<Int32>
  ) {
    self.input = input
    self.output = output
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.countsPadding = countsPadding
    self.inputZero = inputZero
    self.outputZero = outputZero
    self.bounds = bounds
    var rescales: [Int: Rescale] = [:]
    for row in 0..<output[1] {
      for column in 0..<output[2] {
        let count = Self.count(row, column, input, kernel, stride, padding, countsPadding)
        rescales[count] = rescales[count] ?? Rescale(ratio / Double(count))
      }
    }
    self.rescales = rescales
  }

  /// The number of elements that count at an output position.
  public func count(row: Int, column: Int) -> Int {
    Self.count(row, column, input, kernel, stride, padding, countsPadding)
  }

  private static func count(
    _ row: Int, _ column: Int, _ input: Shape, _ kernel: Extent, _ stride: Extent, _ padding: Extent,
    _ countsPadding: Bool
  ) -> Int {
    guard !countsPadding else { return kernel.count }
    let top = row * stride.height - padding.height
    let left = column * stride.width - padding.width
    let rows = min(top + kernel.height, input[1]) - max(top, 0)
    return rows * (min(left + kernel.width, input[2]) - max(left, 0))
  }

  /// Sums each window, and rescales by its number of elements.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    let x = inputs[0]
    var y = [Int8](repeating: 0, count: output.count)
    var position = 0
    for channel in 0..<output[0] {
      for row in 0..<output[1] {
        for column in 0..<output[2] {
          let top = row * stride.height - padding.height
          let left = column * stride.width - padding.width
          var sum: Int32 = 0
          for i in max(top, 0)..<min(top + kernel.height, input[1]) {
            for j in max(left, 0)..<min(left + kernel.width, input[2]) {
              sum += Int32(x[(channel * input[1] + i) * input[2] + j]) - inputZero
            }
          }
          let mean = rescales[count(row: row, column: column)]?(sum) ?? 0
          y[position] = Int8(min(max(outputZero + mean, bounds.lowerBound), bounds.upperBound))
          position += 1
        }
      }
    }
    return y
  }
}
