public import Graphs
public import Settings
public import Tensors

/// The squared difference of two values' attention maps, which tell where each value responds.
///
/// **Formula**: `loss[n] = mean_p (Q_x[p] - Q_y[p])²` with `Q = m / ‖m‖₂` and `m[p] = mean_c v[n,c,p]²`,
/// where p is one of the H·W places; a map of zeros stays zero.
///
/// **Shapes**: `x [N, C, H, W]`, `y [N, D, H, W]`, loss `[N]`.
///
/// **Gradient**: with `g = 2/(H·W)·(Q_x - Q_y)`, by m `(g - Q_x·⟨g, Q_x⟩)/‖m‖₂`, and by `x[c, p]` that times
/// `2·x[c, p]/C`; 0 where m is zero. The gradient by y is the same with x and y exchanged.
///
/// **Throws**: `ShapeError` for values that are not images of equal height and width.
///
/// **Paper**: Zagoruyko, Komodakis, "Paying more attention to attention", ICLR 2017, arXiv:1612.03928.
public struct AttentionMap: Loss {
  /// The name of the kind, which no file holds: `attention-map`.
  public static let kind = "attention-map"

  /// Makes a loss.
  public init() {}

  /// No settings.
  public static var settings: [Setting<AttentionMap>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<AttentionMap>] {
    [
      OpExample(AttentionMap(), [2, 3, 2, 2], [2, 5, 2, 2]),
      OpExample(AttentionMap(), [1, 2, 3, 2], [1, 2, 3, 2]),
    ]
  }

  /// The shape `[N]`; throws for values that are not images of equal height and width.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try outputShape(ofPlanes: inputs) }

  /// Both maps, and their lengths before they were divided by them.
  public func scratchCount(_ item: LossItem) -> Int { 2 * item.prediction[1] * item.prediction[2] + 2 }

  /// Writes both normalized maps, and averages their squared differences.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    let area = scratch.count / 2 - 1
    scratch[2 * area] = Self.write(prediction, into: &scratch, from: 0, area)
    scratch[2 * area + 1] = Self.write(target, into: &scratch, from: area, area)
    var squares = 0.0
    for p in 0..<area {
      let difference = Double(scratch[p] - scratch[area + p])
      squares += difference * difference
    }
    return Float(squares / Double(area))
  }

  /// Carries the maps' difference through the normalization and the squares.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let area = scratch.count / 2 - 1
    let (own, other) = (scratch[2 * area], scratch[2 * area + 1])
    let factor = 2 * scale / Float(area)
    Self.writeGradient(
      prediction, Map(start: 0, other: area, area: area, norm: own), scratch.span, factor,
      into: &byPrediction,
      at: item.predictionRange.lowerBound)
    guard !byTarget.isEmpty else { return }
    Self.writeGradient(
      target, Map(start: area, other: 0, area: area, norm: other), scratch.span, factor, into: &byTarget,
      at: item.targetRange.lowerBound)
  }

  /// One of two maps in a span.
  private struct Map {
    /// The start of the map.
    let start: Int
    /// The start of the map with which it is compared.
    let other: Int
    let area: Int
    /// The length of the map before it was normalized.
    let norm: Float
  }

  /// Writes the normalized map of an item; returns its length before that, 0 for a value of zeros.
  private static func write(
    _ values: Span<Float>, into maps: inout MutableSpan<Float>, from start: Int, _ area: Int
  ) -> Float {
    let channels = values.count / area
    for p in 0..<area { maps[start + p] = 0 }
    for c in 0..<channels {
      for p in 0..<area { maps[start + p] += values[c * area + p] * values[c * area + p] }
    }
    var squares = 0.0
    for p in 0..<area {
      maps[start + p] /= Float(channels)
      squares += Double(maps[start + p]) * Double(maps[start + p])
    }
    let norm = Float(squares.squareRoot())
    if norm > 0 { for p in 0..<area { maps[start + p] /= norm } }
    return norm
  }

  /// Writes, from `place` on, the gradient by the value of a map of the squared difference of both maps.
  private static func writeGradient(
    _ values: Span<Float>, _ map: Map, _ maps: Span<Float>, _ scale: Float,
    into gradient: inout MutableSpan<Float>, at place: Int
  ) {
    let channels = values.count / map.area
    var inner: Float = 0
    for p in 0..<map.area {
      inner += (maps[map.start + p] - maps[map.other + p]) * maps[map.start + p]
    }
    let factor = map.norm > 0 ? 2 * scale / (map.norm * Float(channels)) : 0
    for c in 0..<channels {
      for p in 0..<map.area {
        let own = maps[map.start + p]
        let byMean = own - maps[map.other + p] - own * inner
        gradient[place + c * map.area + p] = factor * byMean * values[c * map.area + p]
      }
    }
  }
}
