public import Ops
public import Tensors

/// A convolution over integers.
///
/// **Formula**: `y[o,i,j] = clamp(zero_y + rescale[o](bias[o] + Σ_{c,u,v} w[o,c,u,v] · (x[g·C/groups + c, i·s
/// - p + u·d, j·s - p + v·d] - zero_x)))`. Outside the image x is zero_x, which adds nothing.
public struct IntegerConvolution: IntegerKernel {
  /// The name in listings: `convolution`.
  public static let kind = "convolution"

  /// The input's shape, `[C, H, W]`.
  public let input: Shape
  /// The output's shape, `[O, Ho, Wo]`.
  public let output: Shape
  /// The window and groups; `filters` is O.
  public let op: Conv2D
  /// The weights and the rescaling.
  public let products: IntegerProducts

  /// Makes a kernel.
  public init(input: Shape, output: Shape, op: Conv2D, products: IntegerProducts) {
    self.input = input
    self.output = output
    self.op = op
    self.products = products
  }

  /// `C/groups·Kh·Kw` for each output element.
  public var multiplyAdds: Int { output.count * input[0] / op.groups * op.kernel.count }

  /// Computes one output element after another.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    let x = inputs[0]
    let channels = input[0] / op.groups
    let filtersInGroup = op.filters / op.groups
    let (height, width, kernel) = (input[1], input[2], op.kernel)
    let weights = products.weights.values
    var y = [Int8](repeating: 0, count: output.count)
    var position = 0
    for filter in 0..<output[0] {
      let first = filter / filtersInGroup * channels
      for row in 0..<output[1] {
        for column in 0..<output[2] {
          var sum = products.bias[filter]
          var weight = filter * channels * kernel.count
          for channel in first..<first + channels {
            for u in 0..<kernel.height {
              for v in 0..<kernel.width {
                let i = row * op.stride.height - op.padding.height + u * op.dilation.height
                let j = column * op.stride.width - op.padding.width + v * op.dilation.width
                if i >= 0, i < height, j >= 0, j < width {
                  let number = Int32(x[(channel * height + i) * width + j]) - products.inputZero
                  sum += Int32(weights[weight]) * number
                }
                weight += 1
              }
            }
          }
          y[position] = products.output(sum, channel: filter)
          position += 1
        }
      }
    }
    return y
  }
}
