public import Settings
public import Tensors

/// Single weights, of which some stay among so many neighbours along the inputs: N:M sparsity.
///
/// From a sparsity of `1 - kept/of` on, the pattern holds; below it some groups of neighbours keep more.
/// Neighbours that are left over at the end of the inputs keep as many.
///
/// **Paper**: Zhou et al., "Learning N:M fine-grained structured sparse neural networks from scratch", ICLR
/// 2021, arXiv:2102.04010.
public struct NeighbourPattern: UnitShape {
  /// The name in recipes: `pattern`.
  public static let name = "pattern"
  /// One line for `condense list`.
  public static let summary =
    "single weights, at least N of which stay among M neighbours along the inputs (N:M)"

  /// Weights that stay of each group (N), 1...64.
  public var kept = 2
  /// Neighbours in each group (M), 2...64.
  public var of = 4

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `kept`, `of`.
  public static var settings: [Setting<NeighbourPattern>] {
    [
      Setting("kept", \.kept, in: 1...64, "weights that stay among the neighbours (N)"),
      Setting("of", \.of, in: 2...64, "neighbours along the inputs (M)"),
    ]
  }

  /// Single weights.
  public var kind: UnitKind { .element }
  /// 1 along all axes.
  public func extents(in shape: Shape) -> [Int] { shape.dimensions.map { _ in 1 } }
  /// At least `kept` of `of` neighbours stay.
  public var pattern: UnitPattern? { UnitPattern(kept: kept, of: of) }
}
