public import Graphs
public import Settings
import Tensors

/// The largest element of each window.
///
/// **Formula**: `y[n,c,i,j] = max_{u,v} x[n, c, i·s - p + u, j·s - p + v]` over the elements inside the
/// image.
///
/// **Shapes**: `x [N, C, H, W]`, `y [N, C, Ho, Wo]` with `Ho = (H + p + e - Kh)/s + 1`, rounded down, where p
/// is the padding before and e the one behind.
///
/// **Gradient**: `dy` goes to the first largest element of its window in row-major order.
///
/// **Cost**: traffic only.
///
/// **Settings**: kernel, stride (the kernel when null), padding, endPadding.
///
/// **Throws**: `ShapeError` when the kernel exceeds the padded image or the padding reaches the kernel.
public struct MaxPool: Pooling {
  /// The name in files: `max-pool`.
  public static let kind = "max-pool"

  /// Rows and columns of a window.
  public var kernel: Extent = 2
  /// The step between windows; `nil` is the kernel.
  public var stride: Extent?
  /// Rows and columns outside the image at the top and on the left; they are never the largest.
  public var padding: Extent = 0
  /// The same at the bottom and on the right; `nil` is as much as `padding`.
  public var endPadding: Extent?

  /// Windows of two by two.
  public init() {}

  /// Makes a pooling.
  public init(kernel: Extent, stride: Extent? = nil, padding: Extent = 0, endPadding: Extent? = nil) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.endPadding = endPadding
  }

  /// Makes a pooling of square windows.
  public init(kernel: Int, stride: Int? = nil, padding: Int = 0) {
    self.init(kernel: Extent(kernel), stride: stride.map { Extent($0) }, padding: Extent(padding))
  }

  /// Settings: `kernel`, `stride`, `padding`, `endPadding`.
  public static var settings: [Setting<MaxPool>] {
    windowSettings(padding: "rows and columns outside at the top and on the left")
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<MaxPool>] {
    [
      OpExample(MaxPool(kernel: 2), [2, 3, 4, 6]),
      OpExample(MaxPool(kernel: 3, stride: 2, padding: 1), [1, 2, 7, 6]),
      OpExample(MaxPool(kernel: 3, stride: 2, endPadding: 1), [2, 2, 6, 4]),
      OpExample(MaxPool(kernel: Extent(1, 3), stride: Extent(1, 2)), [2, 2, 3, 8]),
    ]
  }

  /// Moves numbers without changing them.
  public var valueFlow: ValueFlow { .moving }

  /// Takes the largest element of each window.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    frame.output.values = winners(x, frame.inputs[0].shape, frame.output.shape).map { x[$0] }
  }

  /// Adds `dy` to the first largest element of each window.
  public func backward(_ frame: inout GradientFrame) {
    let winners = winners(frame.inputs[0].values, frame.inputs[0].shape, frame.output.shape)
    let dy = frame.outputGradient.values
    var dx = Array(repeating: Float(0), count: frame.inputs[0].shape.count)
    for (i, winner) in winners.enumerated() { dx[winner] += dy[i] }
    frame.inputGradients[0].values = dx
  }

  /// The position of the largest element of every window.
  private func winners(_ x: [Float], _ input: Shape, _ output: Shape) -> [Int] {
    let taps = window.taps(input: input, output: output)
    let step = window.stride.width
    var winners = Array(repeating: -1, count: output.count)
    for plane in 0..<input[0] * input[1] {
      let inputStart = plane * input.spatialCount
      let outputStart = plane * output.spatialCount
      for stretches in taps {
        for stretch in stretches {
          for i in 0..<stretch.count {
            let from = inputStart + stretch.input + i * step
            let to = outputStart + stretch.output + i
            if winners[to] < 0 || x[from] > x[winners[to]] { winners[to] = from }
          }
        }
      }
    }
    return winners
  }
}
