/// An error of a lower module, and the place that only the one who passes it on knows.
public struct Located: Error, CustomStringConvertible {
  /// Where: what stands before the error's own words.
  public let place: String
  /// What was thrown there.
  public let underlying: any Error

  /// Puts an error at a place.
  public init(_ place: String, _ underlying: any Error) {
    self.place = place
    self.underlying = underlying
  }

  /// *place: what the error says*.
  public var description: String { "\(place): \(underlying)" }
}

/// Runs a piece, and puts whatever it throws at a place.
public func located<R>(_ place: @autoclosure () -> String, _ body: () throws -> R) throws(Located) -> R {
  do { return try body() } catch { throw Located(place(), error) }
}

extension Error {
  /// The error itself, or the one that was put at a place, where it is of this type: who decides by an error looks
  /// through its places.
  public func underlying<E>(as type: E.Type) -> E? {
    self as? E ?? (self as? Located)?.underlying.underlying(as: type)
  }
}
