/// The extents of a tensor's axes, outermost first: `[N, C, H, W]` for images, `[N, F]` for features.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The extents.
  public var dimensions: [Int]

  /// Makes a shape from a list of extents.
  public init(_ dimensions: [Int]) { self.dimensions = dimensions }
  /// Makes a shape from a literal such as `[3, 32, 32]`.
  public init(arrayLiteral elements: Int...) { dimensions = elements }

  /// The number of axes.
  public var rank: Int { dimensions.count }
  /// The number of elements: the product of the extents (1 for no axes).
  public var count: Int { dimensions.reduce(1, *) }
  /// The extent of an axis.
  public subscript(axis: Int) -> Int {
    get { dimensions[axis] }
    set { dimensions[axis] = newValue }
  }

  /// The number of elements; `nil` if an extent is negative or the product exceeds `limit`.
  public func count(upTo limit: Int) -> Int? {
    var product = 1
    for extent in dimensions {
      let (value, overflow) = product.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow, value <= limit else { return nil }
      product = value
    }
    return product
  }

  /// The product of the extents behind the first two axes: `H·W` for images, 1 for features.
  public var spatialCount: Int { dimensions.dropFirst(2).reduce(1, *) }

  /// The same shape with another extent on the first axis.
  public func withBatch(_ batch: Int) -> Shape { Shape([batch] + dimensions.dropFirst()) }

  /// The extents joined by `x`, as in `32x3x28x28`; `scalar` for no axes.
  public var description: String {
    dimensions.isEmpty ? "scalar" : dimensions.map(String.init).joined(separator: "x")
  }
}
