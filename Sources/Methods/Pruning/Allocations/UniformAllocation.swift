public import Settings

/// Takes the same share of each layer.
public struct UniformAllocation: Allocation {
  /// The name in recipes: `layer`.
  public static let name = "layer"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "prune the same share of each layer",
    description:
      "Each layer is ranked alone and loses the same share of its units. One unit of each layer stays, whatever the share.",
    formula: "of each layer's n units the round(s·n) of the lowest scores go",
    paper: """
      Blalock, Gonzalez Ortiz, Frankle, Guttag, "What is the state of neural network pruning?", 2020, arXiv:2003.03033
      """)

  /// Creates it with its default settings.
  public init() {}
  /// There are no settings.
  public static var settings: [Setting<UniformAllocation>] { [] }
}

extension Allocation where Self == UniformAllocation {
  /// The same share of each layer.
  public static var layer: UniformAllocation { UniformAllocation() }
}
