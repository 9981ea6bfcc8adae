/// A block whose middle has `ratio` times the filters of the layer that it replaces.
protocol NarrowMiddle {
  /// Channels of the middle by filters of the layer, 0.01...1.
  var ratio: Double { get set }
}

extension NarrowMiddle {
  /// The share by which the middle is narrower than the layer, the strength of such a method: `1 - ratio`.
  var removedShare: Double {
    get { 1 - ratio }
    set { ratio = min(max(1 - newValue, 0.01), 1) }
  }
}
