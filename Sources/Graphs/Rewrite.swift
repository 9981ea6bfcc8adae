/// A changed graph and the origin of its parameters.
///
/// Momentum, averages and evidence follow the parameters through `origin`.
public struct Rewrite: Sendable, Equatable {
  /// The changed graph; every value that survives keeps its name.
  public var graph: Graph
  /// The origin of each parameter of the changed graph; parameters without one are new.
  public var origin: [String: Origin]
  /// Warnings for whoever asked for the change, a sentence each.
  ///
  /// A stage records those of changes that it makes once.
  public var warnings: [String] = []

  /// Makes a rewrite.
  public init(graph: Graph, origin: [String: Origin]) {
    self.graph = graph
    self.origin = origin
  }

  /// A rewrite that leaves every parameter where it is: values or encodings may differ.
  public init(inPlace graph: Graph) {
    self.graph = graph
    origin = Dictionary(uniqueKeysWithValues: graph.parameters.keys.map { ($0, Origin(parameter: $0)) })
  }

  /// This rewrite followed by one of its graph; origins refer to the graph before both.
  public func followed(by next: Rewrite) -> Rewrite {
    var composed: [String: Origin] = [:]
    for (name, last) in next.origin {
      guard let first = origin[last.parameter] else { continue }
      composed[name] = first.followed(by: last)
    }
    var rewrite = Rewrite(graph: next.graph, origin: composed)
    rewrite.warnings = warnings + next.warnings
    return rewrite
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

  /// The origin, in the old parameter, of a slice of this slice.
  func followed(by slice: Origin) -> Origin {
    let composed = kept.merging(slice.kept) { indices, positions in positions.map { indices[$0] } }
    return Origin(parameter: parameter, kept: composed)
  }
}
