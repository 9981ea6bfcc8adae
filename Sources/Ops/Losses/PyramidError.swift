public import Graphs
public import Settings
public import Tensors

/// The mean squared error of two values, and of their means over ever larger windows.
///
/// **Formula**: `loss[n] = (mean (x - y)² + Σ_k 2^-k · mean (pool_k(x) - pool_k(y))²) / (1 + Σ_k 2^-k)`. The
/// levels k = 1, 2, … have those of the sides 4, 2, 1 that are less than the height. `pool` averages to a
/// square of that side: row i of it over the rows from `⌊i·H/side⌋` to `⌈(i + 1)·H/side⌉`, and columns
/// likewise.
///
/// **Shapes**: `x, y [N, C, H, W]`, equal; loss `[N]`.
///
/// **Gradient**: that of each square, spread evenly over the window of the mean; `dy = -dx`.
///
/// **Throws**: `ShapeError` for unequal shapes and for values that are not images.
///
/// **Paper**: Chen, Liu, Zhao, Jia, "Distilling knowledge via knowledge review", CVPR 2021, arXiv:2104.09044,
/// where it is the hierarchical context loss.
public struct PyramidError: Loss {
  /// The name of the kind, which no file holds: `pyramid-error`.
  public static let kind = "pyramid-error"

  /// Makes a loss.
  public init() {}

  /// No settings.
  public static var settings: [Setting<PyramidError>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<PyramidError>] {
    [
      OpExample(PyramidError(), [2, 2, 5, 6], [2, 2, 5, 6]),
      OpExample(PyramidError(), [2, 3, 2, 2], [2, 3, 2, 2]),
      OpExample(PyramidError(), [3, 4, 1, 1], [3, 4, 1, 1]),
    ]
  }

  /// The shape `[N]`; throws for unequal shapes and for values that are not images.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let shape = try outputShape(ofEqual: inputs)
    guard inputs[0].rank == 4 else { throw .wrongRank(op: kind, expected: "[N, C, H, W]", found: inputs[0]) }
    return shape
  }

  /// The sides of the levels, the first being 0 for the value itself, and the sum of their factors 1, ½, ….
  private func levels(_ item: LossItem) -> (sides: InlineArray<4, Int>, count: Int, total: Double) {
    var sides: InlineArray<4, Int> = [0, 0, 0, 0]
    var (count, total, factor) = (1, 1.0, 1.0)
    for side in 0..<3 {
      let extent = 4 >> side
      guard extent < item.prediction[1] else { continue }
      factor /= 2
      sides[count] = extent
      (count, total) = (count + 1, total + factor)
    }
    return (sides, count, total)
  }

  /// Adds up the levels' mean squared errors, each with half the factor of the one before.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    let levels = levels(item)
    var sum = 0.0
    for i in prediction.indices {
      let difference = Double(prediction[i]) - Double(target[i])
      sum += difference * difference
    }
    sum /= Double(prediction.count)
    var factor = 0.5
    for level in 1..<levels.count {
      var squares = 0.0
      let grid = Grid(item, side: levels.sides[level])
      for window in 0..<grid.count {
        let difference = grid.mean(window, prediction, target)
        squares += difference * difference
      }
      sum += factor * squares / Double(grid.count)
      factor /= 2
    }
    return Float(sum / levels.total)
  }

  /// Writes the gradient of the value's own error, and adds each window's share of the others.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let (own, other) = (item.predictionRange.lowerBound, item.targetRange.lowerBound)
    let levels = levels(item)
    var factor = 2 * Double(scale) / levels.total
    let whole = Float(factor / Double(prediction.count))
    for i in prediction.indices { byPrediction[own + i] = whole * (prediction[i] - target[i]) }
    factor /= 2
    for level in 1..<levels.count {
      let grid = Grid(item, side: levels.sides[level])
      for window in 0..<grid.count {
        let slope = factor * grid.mean(window, prediction, target) / Double(grid.count)
        grid.add(Float(slope / Double(grid.area(window))), window, to: &byPrediction, at: own)
      }
      factor /= 2
    }
    guard !byTarget.isEmpty else { return }
    for i in target.indices { byTarget[other + i] = -byPrediction[own + i] }
  }

  /// The windows of a level, in all channels.
  private struct Grid {
    let (channels, height, width): (Int, Int, Int)
    /// The number of windows along each axis.
    let side: Int

    init(_ item: LossItem, side: Int) {
      (channels, height, width) = (item.prediction[0], item.prediction[1], item.prediction[2])
      self.side = side
    }

    var count: Int { channels * side * side }

    private func window(_ index: Int) -> (start: Int, rows: Range<Int>, columns: Range<Int>) {
      let (row, column) = (index / side % side, index % side)
      return (
        index / (side * side) * height * width,
        row * height / side..<((row + 1) * height + side - 1) / side,
        column * width / side..<((column + 1) * width + side - 1) / side
      )
    }

    func area(_ index: Int) -> Int {
      let window = window(index)
      return window.rows.count * window.columns.count
    }

    func mean(_ index: Int, _ x: Span<Float>, _ y: Span<Float>) -> Double {
      let window = window(index)
      var sum = 0.0
      for row in window.rows {
        for column in window.columns {
          let i = window.start + row * width + column
          sum += Double(x[i]) - Double(y[i])
        }
      }
      return sum / Double(window.rows.count * window.columns.count)
    }

    func add(_ slope: Float, _ index: Int, to gradient: inout MutableSpan<Float>, at place: Int) {
      let window = window(index)
      for row in window.rows {
        for column in window.columns { gradient[place + window.start + row * width + column] += slope }
      }
    }
  }
}
