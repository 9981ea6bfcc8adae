package import Foundation

/// A field of a file that breaks its rule.
public struct FieldProblem: Error, Sendable, Equatable {
  /// The path of the field: `accuracy.perClass[3]`.
  public var field: String
  /// The value that was expected and the one that was found.
  public var reason: String

  /// Makes a problem of a field.
  public init(field: String, reason: String) { (self.field, self.reason) = (field, reason) }
}

/// Checks of single fields that were read from a file; a failed check throws the field's name.
package struct FieldCheck: Sendable {
  package init() {}

  /// The largest count; up to it whole numbers are exact as floating-point numbers.
  package static let largestCount = 1 << 53
  /// The largest amount: far above any time or energy, and small enough that sums stay finite.
  package static let largestAmount = 1e18
  private static let largestText = 4096

  package func fail(_ field: String, _ reason: String) -> FieldProblem {
    FieldProblem(field: field, reason: reason)
  }

  /// Throws unless the value is in 0...1.
  package func rate(_ value: Double, _ field: String) throws(FieldProblem) {
    guard value >= 0, value <= 1 else { throw fail(field, "expected a rate from 0 to 1, found \(value)") }
  }

  /// Throws unless the value is `nil` or in 0...1.
  package func rate(_ value: Double?, _ field: String) throws(FieldProblem) {
    if let value { try rate(value, field) }
  }

  /// Throws unless a count or a number of bytes is in `least...largestCount`.
  package func count(_ value: Int, _ field: String, least: Int = 0) throws(FieldProblem) {
    guard value >= least, value <= Self.largestCount else {
      throw fail(field, "expected a count from \(least) to 2⁵³, found \(value)")
    }
  }

  /// Throws unless a time, an energy or a loss is in `0...largestAmount`.
  package func amount(_ value: Double, _ field: String) throws(FieldProblem) {
    guard value >= 0, value <= Self.largestAmount else {
      throw fail(field, "expected a number from 0 to \(Self.largestAmount), found \(value)")
    }
  }

  /// Throws if a text is too long, empty without permission, or has control characters.
  package func text(_ value: String, _ field: String, canBeEmpty: Bool = false) throws(FieldProblem) {
    guard value.utf8.count <= Self.largestText, canBeEmpty || !value.isEmpty else {
      throw fail(field, "expected text of 1 to \(Self.largestText) bytes, found \(value.utf8.count)")
    }
    guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw fail(field, "expected text in one line, found control characters")
    }
  }

  /// Throws unless the text is a plain name of a file or folder beside the result, which cannot lead
  /// elsewhere.
  package func fileName(_ value: String, _ field: String) throws(FieldProblem) {
    try text(value, field)
    guard !value.contains("/"), !value.hasPrefix("."), value.utf8.count <= 200 else {
      throw fail(field, "expected a plain name of at most 200 bytes, found \"\(value)\"")
    }
  }

  /// Throws unless the value is one of `words`.
  package func word(_ value: String, of words: [String], _ field: String) throws(FieldProblem) {
    guard words.contains(value) else {
      throw fail(field, "expected \(words.joined(separator: ", ")), found \"\(value)\"")
    }
  }

  /// Throws unless a list has the expected number of entries.
  package func size(_ found: Int, expected: Int, _ field: String) throws(FieldProblem) {
    guard found == expected else { throw fail(field, "expected \(expected) entries, found \(found)") }
  }

  /// Throws unless the text is a SHA-256 of 64 lower-case hexadecimal digits.
  package func address(_ value: String, _ field: String) throws(FieldProblem) {
    guard value.utf8.count == 64, value.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
    else { throw fail(field, "expected 64 hexadecimal digits, found \"\(value.prefix(80))\"") }
  }

  /// Returns the bytes of a text in base64; throws for any other text.
  package func base64(_ value: String, _ field: String) throws(FieldProblem) -> Data {
    guard let data = Data(base64Encoded: value) else {
      throw fail(field, "expected base64, found something else")
    }
    return data
  }

  /// Checks every entry of a list, with its index in the field's name.
  package func each<Value>(
    _ values: [Value], _ field: String, _ check: (Value, String) throws(FieldProblem) -> Void
  ) throws(FieldProblem) {
    for (index, value) in values.enumerated() { try check(value, "\(field)[\(index)]") }
  }
}
