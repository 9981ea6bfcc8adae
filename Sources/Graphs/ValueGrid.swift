/// The numbers that a value can have where it is stored as integers: multiples of a step.
///
/// **Formula** an integer q stands for `scale · (q - zeroPoint)`.
public struct ValueGrid: Sendable, Equatable {
  /// The step.
  public let scale: Float
  /// The integer that stands for zero.
  public let zeroPoint: Int
  /// The integers that there are.
  public let integers: ClosedRange<Int>

  /// Describes a grid.
  public init(scale: Float, zeroPoint: Int, integers: ClosedRange<Int>) {
    (self.scale, self.zeroPoint, self.integers) = (scale, zeroPoint, integers)
  }

  /// The integer nearest to a number, ties to even; that of zero for what is no number.
  public func integer(_ value: Float) -> Int {
    guard !value.isNaN else { return zeroPoint }
    let (least, most) = (Float(integers.lowerBound - zeroPoint), Float(integers.upperBound - zeroPoint))
    return Int(min(max(value / scale, least), most).rounded(.toNearestOrEven)) + zeroPoint
  }
}

extension Graph {
  /// The grid that a device keeps a value on; `nil` where it is real.
  public func grid(of value: String) -> ValueGrid? {
    if let encoding = storedEncoding(of: value) { return encoding.grid }
    guard case .alike(let source) = valuePlaces()[value] else { return nil }
    return storedEncoding(of: source)?.grid
  }
}
