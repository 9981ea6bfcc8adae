public import Settings

/// All layers of one sparsity and criterion are ranked together: some lose more than others.
public struct GlobalRanking: Allocation {
  public static let name = "global"
  public static let documentation = MethodDocumentation(
    summary: "rank units across layers: their scores decide what each layer loses",
    description: """
      The units of all layers with the same sparsity and criterion stand in one order, and the lowest go wherever they are. \
      One unit of each layer stays.
      """,
    formula: "the units of the lowest scores of all layers go until round(s·n) of n are gone",
    paper: """
      Blalock, Gonzalez Ortiz, Frankle, Guttag, "What is the state of neural network pruning?", 2020, arXiv:2003.03033
      """)

  public var ranksAcrossLayers: Bool { true }
  public init() {}
  public static var settings: [Setting<GlobalRanking>] { [] }
}

extension Allocation where Self == GlobalRanking {
  /// Units are ranked across layers.
  public static var global: GlobalRanking { GlobalRanking() }
}
