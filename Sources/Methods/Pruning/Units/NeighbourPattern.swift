public import Settings
public import Tensors

/// Single weights, of which some stay among so many neighbours along the inputs: N:M sparsity.
///
/// From a sparsity of `1 - kept/of` on, that is the pattern; below it some groups of neighbours keep more. Neighbours that are
/// left over at the end of the inputs keep as many.
///
/// Paper: Zhou et al., "Learning N:M fine-grained structured sparse neural networks from scratch", ICLR 2021,
/// arXiv:2102.04010.
public struct NeighbourPattern: UnitShape {
  public static let name = "pattern"
  public static let summary =
    "single weights, of which at least some stay among so many neighbours along the inputs (N:M)"

  /// Weights that stay.
  public var kept = 2
  /// Neighbours of which they stay.
  public var of = 4

  public init() {}

  public static var settings: [Setting<NeighbourPattern>] {
    [
      Setting("kept", \.kept, in: 1...64, "weights that stay (N)"),
      Setting("of", \.of, in: 2...64, "neighbours of which they stay (M)"),
    ]
  }

  public var kind: UnitKind { .element }
  public func extents(in shape: Shape) -> [Int] { shape.dimensions.map { _ in 1 } }
  public var pattern: UnitPattern? { UnitPattern(kept: kept, of: of) }
}
