public import Tensors

/// Images enlarged by bilinear interpolation with half-pixel centres.
///
/// **Formula**: `y[c,i,j] = clamp(zero_y + rescale(Σ_{u,v} a[i,u] · a[j,v] · (x[c,u,v] - zero_x)))`. Along an
/// axis, output position i lies at `(2i + 1 - f) / 2f` of the input, clamped to `0…extent - 1`. The whole
/// part of that is the lower neighbour. The shares of both neighbours are whole numbers of 2f-ths, so the sum
/// is exact. The ratio is input scale / ((2f)² · output scale).
public struct IntegerInterpolation: IntegerKernel {
  /// The name in listings: `interpolation`.
  public static let kind = "interpolation"

  /// The two input positions that make an output position along one axis.
  ///
  /// They are `lower` and the one behind it; their shares are whole numbers that sum to 2f.
  public struct Neighbours: Sendable, Equatable {
    /// The lower input position.
    public let lower: Int
    /// The share of the lower position, 1…2f.
    public let lowerShare: Int32
    /// The share of the position behind it, 0…2f - 1; if it is 0, that position may not exist.
    public let upperShare: Int32
  }

  /// The input's shape, `[C, H, W]`.
  public let input: Shape
  /// The factor f by which rows and columns are multiplied.
  public let factor: Int
  /// The integer for zero in the input.
  public let inputZero: Int32
  /// The ratio input scale / ((2f)² · output scale).
  public let rescale: Rescale
  /// The integer for zero in the output.
  public let outputZero: Int32
  /// The least and the greatest output.
  public let bounds: ClosedRange<Int32>

  /// Makes a kernel.
  public init(
    input: Shape, factor: Int, inputZero: Int32, rescale: Rescale, outputZero: Int32,
    bounds: ClosedRange<Int32>
  ) {
    self.input = input
    self.factor = factor
    self.inputZero = inputZero
    self.rescale = rescale
    self.outputZero = outputZero
    self.bounds = bounds
  }

  /// The input positions that make an output position along an axis of `extent` elements.
  public func neighbours(of position: Int, extent: Int) -> Neighbours {
    let parts = 2 * factor
    let place = min(max(2 * position + 1 - factor, 0), (extent - 1) * parts)
    return Neighbours(
      lower: place / parts, lowerShare: Int32(parts - place % parts), upperShare: Int32(place % parts))
  }

  /// Adds the shares of up to four pixels, and rescales their sum.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    let rows = (0..<input[1] * factor).map { neighbours(of: $0, extent: input[1]) }
    let columns = (0..<input[2] * factor).map { neighbours(of: $0, extent: input[2]) }
    var y: [Int8] = []
    y.reserveCapacity(input.count * factor * factor)
    for channel in 0..<input[0] {
      for row in rows {
        for column in columns {
          var sum: Int32 = 0
          for (u, rowShare) in [(0, row.lowerShare), (1, row.upperShare)] where rowShare > 0 {
            for (v, columnShare) in [(0, column.lowerShare), (1, column.upperShare)] where columnShare > 0 {
              let x = inputs[0][(channel * input[1] + row.lower + u) * input[2] + column.lower + v]
              sum += rowShare * columnShare * (Int32(x) - inputZero)
            }
          }
          y.append(Int8(min(max(outputZero + rescale(sum), bounds.lowerBound), bounds.upperBound)))
        }
      }
    }
    return y
  }
}
