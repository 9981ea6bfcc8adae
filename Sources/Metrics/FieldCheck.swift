package import Foundation

/// A field that breaks its own rule.
public struct FieldProblem: Error, Sendable, Equatable {
  /// Where it stands: `accuracy.perClass[3]`.
  public var field: String
  /// What was expected and found.
  public var reason: String

  public init(field: String, reason: String) { (self.field, self.reason) = (field, reason) }
}

/// Checks of single fields of what was read from a file; the first that fails is thrown with its name.
package struct FieldCheck: Sendable {
  package init() {}

  /// Counts stay whole as floats, so that means of them do.
  package static let largestCount = 1 << 53
  /// Far above any time or energy, and far below what a sum could not hold.
  package static let largestAmount = 1e18
  private static let largestText = 4096

  package func fail(_ field: String, _ reason: String) -> FieldProblem {
    FieldProblem(field: field, reason: reason)
  }

  /// A share, 0…1.
  package func rate(_ value: Double, _ field: String) throws(FieldProblem) {
    guard value >= 0, value <= 1 else { throw fail(field, "expected a rate from 0 to 1, found \(value)") }
  }

  package func rate(_ value: Double?, _ field: String) throws(FieldProblem) {
    if let value { try rate(value, field) }
  }

  /// A count or a number of bytes.
  package func count(_ value: Int, _ field: String, least: Int = 0) throws(FieldProblem) {
    guard value >= least, value <= Self.largestCount else {
      throw fail(field, "expected a count from \(least) to 2⁵³, found \(value)")
    }
  }

  /// A time, an energy, a loss.
  package func amount(_ value: Double, _ field: String) throws(FieldProblem) {
    guard value >= 0, value <= Self.largestAmount else {
      throw fail(field, "expected a number from 0 to \(Self.largestAmount), found \(value)")
    }
  }

  /// Text that stands in one line.
  package func text(_ value: String, _ field: String, canBeEmpty: Bool = false) throws(FieldProblem) {
    guard value.utf8.count <= Self.largestText, canBeEmpty || !value.isEmpty else {
      throw fail(field, "expected text of 1 to \(Self.largestText) bytes, found \(value.utf8.count)")
    }
    guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw fail(field, "expected text in one line, found control characters")
    }
  }

  /// The name of a file or folder beside the result, which must not lead elsewhere.
  package func fileName(_ value: String, _ field: String) throws(FieldProblem) {
    try text(value, field)
    guard !value.contains("/"), !value.hasPrefix("."), value.utf8.count <= 200 else {
      throw fail(field, "expected a plain name of at most 200 bytes, found \"\(value)\"")
    }
  }

  package func word(_ value: String, of words: [String], _ field: String) throws(FieldProblem) {
    guard words.contains(value) else {
      throw fail(field, "expected \(words.joined(separator: ", ")), found \"\(value)\"")
    }
  }

  package func size(_ found: Int, expected: Int, _ field: String) throws(FieldProblem) {
    guard found == expected else { throw fail(field, "expected \(expected) entries, found \(found)") }
  }

  /// A SHA-256, hexadecimal.
  package func address(_ value: String, _ field: String) throws(FieldProblem) {
    guard value.utf8.count == 64, value.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
    else { throw fail(field, "expected 64 hexadecimal digits, found \"\(value.prefix(80))\"") }
  }

  /// Bytes in base64.
  package func base64(_ value: String, _ field: String) throws(FieldProblem) -> Data {
    guard let data = Data(base64Encoded: value) else {
      throw fail(field, "expected base64, found something else")
    }
    return data
  }

  /// Every entry of a list, each with its place in the field's name.
  package func each<Value>(
    _ values: [Value], _ field: String, _ check: (Value, String) throws(FieldProblem) -> Void
  ) throws(FieldProblem) {
    for (index, value) in values.enumerated() { try check(value, "\(field)[\(index)]") }
  }
}
