/// A changed graph, and where its parameters came from: momentum, averages and evidence follow through `origin`.
public struct Rewrite: Sendable, Equatable {
  /// The changed graph; every value that survives keeps its name.
  public var graph: Graph
  /// By parameter of the changed graph, what it was made of; parameters without an origin are new.
  public var origin: [String: Origin]

  /// Makes a rewrite.
  public init(graph: Graph, origin: [String: Origin]) {
    self.graph = graph
    self.origin = origin
  }
}

/// The part of an old parameter that a new one holds.
public struct Origin: Sendable, Equatable {
  /// The old parameter.
  public var parameter: String
  /// By axis, the indices that were kept, ascending; an axis that is not named was kept whole.
  public var kept: [Int: [Int]]

  /// Makes an origin.
  public init(parameter: String, kept: [Int: [Int]] = [:]) {
    self.parameter = parameter
    self.kept = kept
  }
}
