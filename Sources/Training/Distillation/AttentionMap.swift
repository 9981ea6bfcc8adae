import Graphs
import Tensors

/// How strongly each place of a value `[C, H, W]` responds: the mean of squares over channels, as a vector of length 1.
struct AttentionMap {
  let channels: Int
  let area: Int

  /// The map of a value of this shape, the batch axis left out.
  init(_ shape: Shape) {
    channels = shape[0]
    area = Self.area(of: shape)
  }

  /// The places of a value.
  static func area(of shape: Shape) -> Int { shape[1] * shape[2] }

  /// Writes an image's map from `start` on; gives back the length that it had before it became 1, or 0 for a value of
  /// zeros, whose map stays zero.
  func write(
    _ values: Span<Float>, image: Int, into map: inout MutableSpan<Float>, at start: Int
  ) -> Float {
    for p in 0..<area { map[start + p] = 0 }
    for c in 0..<channels {
      let plane = (image * channels + c) * area
      for p in 0..<area { map[start + p] += values[plane + p] * values[plane + p] }
    }
    var squares = 0.0
    for p in 0..<area {
      map[start + p] /= Float(channels)
      squares += Double(map[start + p]) * Double(map[start + p])
    }
    let norm = Float(squares.squareRoot())
    if norm > 0 { for p in 0..<area { map[start + p] /= norm } }
    return norm
  }

  /// The squared difference of the maps at 0 and at `area`; the first becomes `scale/2` times the gradient of that by
  /// the mean of squares. A map that is not finite gives a difference that is not.
  func compare(_ maps: inout MutableSpan<Float>, norm: Float, scale: Float) -> Double {
    var squares = 0.0
    var inner: Float = 0
    for p in 0..<area {
      let difference = maps[p] - maps[area + p]
      squares += Double(difference) * Double(difference)
      inner += difference * maps[p]
    }
    let factor = norm > 0 ? scale / norm : 0
    for p in 0..<area { maps[p] = factor * (maps[p] - maps[area + p] - maps[p] * inner) }
    return squares
  }

  /// Writes the gradient by an image's value from that by its mean of squares, which is in `map`.
  func writeGradient(
    _ map: borrowing MutableSpan<Float>, _ values: Span<Float>, image: Int,
    into gradient: inout MutableSpan<Float>
  ) {
    let factor = 2 / Float(channels)
    for c in 0..<channels {
      let plane = (image * channels + c) * area
      for p in 0..<area { gradient[plane + p] = factor * map[p] * values[plane + p] }
    }
  }
}
