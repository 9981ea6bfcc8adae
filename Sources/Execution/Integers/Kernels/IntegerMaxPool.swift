public import Ops
public import Tensors

/// The largest integer of each window; input and output share scale and zero point.
public struct IntegerMaxPool: IntegerKernel {
  /// The name in listings: `max-pool`.
  public static let kind = "max-pool"

  /// The input's shape, `[C, H, W]`.
  public let input: Shape
  /// The output's shape, `[C, Ho, Wo]`.
  public let output: Shape
  /// Rows and columns of a window.
  public let kernel: Extent
  /// The step between windows.
  public let stride: Extent
  /// Rows and columns of padding at the top and on the left; padding is never the largest.
  public let padding: Extent

  /// Makes a kernel.
  public init(input: Shape, output: Shape, kernel: Extent, stride: Extent, padding: Extent) {
    self.input = input
    self.output = output
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  /// Takes the largest integer inside the image for each window.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    let x = inputs[0]
    var y = [Int8](repeating: 0, count: output.count)
    var position = 0
    for channel in 0..<output[0] {
      for row in 0..<output[1] {
        for column in 0..<output[2] {
          let top = row * stride.height - padding.height
          let left = column * stride.width - padding.width
          var largest = Int8.min
          for i in max(top, 0)..<min(top + kernel.height, input[1]) {
            for j in max(left, 0)..<min(left + kernel.width, input[2]) {
              largest = max(largest, x[(channel * input[1] + i) * input[2] + j])
            }
          }
          y[position] = largest
          position += 1
        }
      }
    }
    return y
  }
}
