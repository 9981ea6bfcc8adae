public import Settings

/// Ranks all layers of one sparsity and criterion together, so that some lose more than others.
public struct GlobalRanking: Allocation {
  /// The name in recipes: `global`.
  public static let name = "global"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "rank units across layers: their scores decide the share that each layer loses",
    description: """
      The units of all layers with the same sparsity and criterion are ranked together, and the lowest go, whatever \
      their layers. One unit of each layer stays.
      """,
    formula: "the units of the lowest scores of all layers go until round(s·n) of n are gone",
    paper: """
      Blalock, Gonzalez Ortiz, Frankle, Guttag, "What is the state of neural network pruning?", 2020, arXiv:2003.03033
      """)

  /// True.
  public var ranksAcrossLayers: Bool { true }
  /// Creates it with its default settings.
  public init() {}
  /// There are no settings.
  public static var settings: [Setting<GlobalRanking>] { [] }
}

extension Allocation where Self == GlobalRanking {
  /// Units are ranked across layers.
  public static var global: GlobalRanking { GlobalRanking() }
}
