public import Settings

/// A height and a width: of a kernel, a stride, a padding.
///
/// Files write `3` if both are equal, else `[3, 1]`.
public struct Extent: Sendable, Hashable {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// Makes an extent.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// Makes a square extent.
  public init(_ side: Int) { self.init(side, side) }

  /// Rows times columns.
  public var count: Int { height * width }

  /// True if both sides lie in a range.
  func isWithin(_ range: ClosedRange<Int>) -> Bool { range.contains(height) && range.contains(width) }
}

extension Extent: ExpressibleByIntegerLiteral {
  /// A square extent.
  public init(integerLiteral side: Int) { self.init(side, side) }
}

extension Extent: CustomStringConvertible {
  /// Height and width, such as `3x1`.
  public var description: String { "\(height)x\(width)" }
}

extension Extent: SettingValue {
  /// The form that errors ask for: an integer or a pair.
  public static var expectation: String { "an integer or a pair [height, width]" }

  /// Reads `3` or `[3, 1]`.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    guard case .list(let items) = node.content else {
      self.init(try node.integer(key))
      return
    }
    guard items.count == 2 else {
      throw .wrongType(node.mark, key: key, expected: Self.expectation, found: node.kindDescription)
    }
    self.init(try items[0].integer(key), try items[1].integer(key))
  }

  /// The shorter form that reads back equal.
  public var node: SettingsNode {
    height == width ? height.node : SettingsNode(.list([height.node, width.node]))
  }
}

extension Setting {
  /// A setting of an extent whose sides lie in a range.
  static func extent(
    _ name: String, _ path: WritableKeyPath<Owner, Extent>, in range: ClosedRange<Int>,
    required: Bool = false,
    _ summary: String
  ) -> Setting {
    let expected = "\(Extent.expectation) in \(range.lowerBound)...\(range.upperBound)"
    return Setting(name, path, required: required, expected: expected, summary) { $0.isWithin(range) }
  }

  /// A setting of an extent that may be null.
  static func extent(
    _ name: String, _ path: WritableKeyPath<Owner, Extent?>, in range: ClosedRange<Int>, _ summary: String
  ) -> Setting {
    let expected = "\(Extent.expectation) in \(range.lowerBound)...\(range.upperBound), or null"
    return Setting(name, path, expected: expected, summary) { $0?.isWithin(range) ?? true }
  }
}
