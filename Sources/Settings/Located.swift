/// An error of a lower module with its place, which only the caller knows.
public struct Located: Error, CustomStringConvertible {
  /// The place, which precedes the error's message.
  public let place: String
  /// The error.
  public let underlying: any Error

  /// Adds a place to an error.
  public init(_ place: String, _ underlying: any Error) {
    self.place = place
    self.underlying = underlying
  }

  /// The message in the form *place: error*.
  public var description: String { "\(place): \(underlying)" }
}

/// Runs `body`, and adds a place to any error that it throws.
public func located<R>(_ place: @autoclosure () -> String, _ body: () throws -> R) throws(Located) -> R {
  do { return try body() } catch { throw Located(place(), error) }
}

extension Error {
  /// The error, or the one inside its places, if it is of this type; else `nil`.
  ///
  /// Code that decides by an error's type uses it to look through places.
  public func underlying<E>(as type: E.Type) -> E? {
    self as? E ?? (self as? Located)?.underlying.underlying(as: type)
  }
}
