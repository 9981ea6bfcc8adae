public import Graphs
public import Settings
import Tensors

/// The mean of each window.
///
/// **Formula**: `y[n,c,i,j] = Σ_{u,v} x[n, c, i·s - p + u, j·s - p + v] / count`. Elements outside the image
/// are zero. The count is that of the kernel's elements, or of those inside the image if padding does not
/// count.
///
/// **Shapes**: `x [N, C, H, W]`, `y [N, C, Ho, Wo]` with `Ho = (H + p + e - Kh)/s + 1`, rounded down, where p
/// is the padding before and e the one behind.
///
/// **Gradient**: `dy/count` to every element of the window.
///
/// **Cost**: traffic only.
///
/// **Settings**: kernel, stride (the kernel when null), padding, endPadding, countsPadding.
///
/// **Throws**: `ShapeError` when the kernel exceeds the padded image or the padding reaches the kernel.
public struct AveragePool: Pooling {
  /// The name in files: `average-pool`.
  public static let kind = "average-pool"

  /// Rows and columns of a window.
  public var kernel: Extent = 2
  /// The step between windows; `nil` is the kernel.
  public var stride: Extent?
  /// Zeros at the top and on the left.
  public var padding: Extent = 0
  /// The same at the bottom and on the right; `nil` is as much as `padding`.
  public var endPadding: Extent?
  /// True if padding counts in the mean.
  public var countsPadding = true

  /// Windows of two by two.
  public init() {}

  /// Makes a pooling.
  public init(
    kernel: Extent, stride: Extent? = nil, padding: Extent = 0, endPadding: Extent? = nil,
    countsPadding: Bool = true
  ) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.endPadding = endPadding
    self.countsPadding = countsPadding
  }

  /// Makes a pooling of square windows.
  public init(kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true) {
    self.init(
      kernel: Extent(kernel), stride: stride.map { Extent($0) }, padding: Extent(padding),
      countsPadding: countsPadding)
  }

  /// Settings: `kernel`, `stride`, `padding`, `endPadding`, `countsPadding`.
  public static var settings: [Setting<AveragePool>] {
    windowSettings(padding: "zeros at the top and on the left") + [
      Setting("countsPadding", \.countsPadding, "whether padding counts in the mean")
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<AveragePool>] {
    [
      OpExample(AveragePool(kernel: 2), [2, 3, 4, 6]),
      OpExample(AveragePool(kernel: 3, stride: 2, padding: 1), [1, 2, 7, 6]),
      OpExample(AveragePool(kernel: 3, stride: 2, padding: 1, countsPadding: false), [1, 2, 7, 6]),
      OpExample(
        AveragePool(kernel: 3, stride: 2, endPadding: Extent(0, 1), countsPadding: false), [2, 2, 5, 6]),
      OpExample(AveragePool(kernel: 3, stride: 2, padding: 1, endPadding: 0), [1, 2, 6, 6]),
      OpExample(AveragePool(kernel: Extent(1, 3), stride: Extent(1, 2)), [2, 2, 3, 8]),
    ]
  }

  /// Averages each window, with sums in double precision.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    let input = frame.inputs[0].shape
    let output = frame.output.shape
    let counts = counts(input, output)
    var sums = Array(repeating: Double(0), count: output.count)
    forEachPair(input, output) { from, to in sums[to] += Double(x[from]) }
    frame.output.values = sums.indices.map { Float(sums[$0] / counts[$0 % counts.count]) }
  }

  /// Adds `dy/count` to every element of the window.
  public func backward(_ frame: inout GradientFrame) {
    let dy = frame.outputGradient.values
    let input = frame.inputs[0].shape
    let output = frame.output.shape
    let counts = counts(input, output)
    var dx = Array(repeating: Double(0), count: input.count)
    forEachPair(input, output) { from, to in dx[from] += Double(dy[to]) / counts[to % counts.count] }
    frame.inputGradients[0].values = dx.map { Float($0) }
  }

  /// Calls `body` with every input element and each output element whose window holds it.
  private func forEachPair(_ input: Shape, _ output: Shape, _ body: (_ from: Int, _ to: Int) -> Void) {
    let taps = window.taps(input: input, output: output)
    let step = window.stride.width
    for plane in 0..<input[0] * input[1] {
      for stretch in taps.joined() {
        for i in 0..<stretch.count {
          body(
            plane * input.spatialCount + stretch.input + i * step,
            plane * output.spatialCount + stretch.output + i)
        }
      }
    }
  }

  /// The divisor of each window of a plane.
  private func counts(_ input: Shape, _ output: Shape) -> [Double] {
    guard !countsPadding else {
      return Array(repeating: Double(kernel.count), count: output.spatialCount)
    }
    var counts = Array(repeating: Double(0), count: output.spatialCount)
    for stretch in window.taps(input: input, output: output).joined() {
      for i in 0..<stretch.count { counts[stretch.output + i] += 1 }
    }
    return counts
  }
}
