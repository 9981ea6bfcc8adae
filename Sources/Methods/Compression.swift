public import Graphs
public import Tensors

/// One application of a method: its settings, the network, the progress of the stage, evidence and chance.
public struct Compression<Method: CompressionMethod> {
  /// The settings that apply where no override does.
  public let method: Method
  /// The network as it is now: after earlier stages, and with its present weights.
  public let graph: Graph
  /// The network as the stage found it, to which ratios refer; the same as `graph` for `Pacing.once`.
  public let original: Graph
  /// The method's progress, 0...1: 1 at its end, and always 1 for `Pacing.once`.
  public let progress: Double
  /// Gradients, activations and other knowledge of the network, computed when they are asked for.
  public let evidence: any Evidence
  /// The random numbers of this application.
  public var random: SeededRandom
  /// The settings by node where the recipe overrides them; `nil` for nodes that it leaves out.
  private let overrides: [String: Method?]

  /// Makes the only application of a method that acts once.
  public init(
    _ method: Method, graph: Graph, evidence: any Evidence = NoEvidence(),
    random: SeededRandom = SeededRandom(seed: 0, purpose: "compression"), overrides: [String: Method?] = [:]
  ) {
    self.init(
      method, graph: graph, of: graph, progress: 1, evidence: evidence, random: random, overrides: overrides)
  }

  /// Makes one application of several to a network that was `original` when the stage began.
  public init(
    _ method: Method, graph: Graph, of original: Graph, progress: Double,
    evidence: any Evidence = NoEvidence(),
    random: SeededRandom = SeededRandom(seed: 0, purpose: "compression"), overrides: [String: Method?] = [:]
  ) {
    self.method = method
    self.graph = graph
    self.original = original
    self.progress = progress
    self.evidence = evidence
    self.random = random
    self.overrides = overrides
  }

  /// The same application for a method that this one uses, on the same network or another state of it.
  func with<Part: CompressionMethod>(
    _ part: (Method) -> Part, graph: Graph? = nil
  ) -> Compression<Part> {
    Compression<Part>(
      part(method), graph: graph ?? self.graph, of: original, progress: progress, evidence: evidence,
      random: random, overrides: overrides.mapValues { $0.map(part) })
  }

  /// The settings for a node; `nil` if the recipe leaves the node out.
  public func settings(for node: String) -> Method? {
    switch overrides[node] {
    case .none: method
    case .some(let override): override
    }
  }

  /// The nodes to which the method applies and that the recipe does not leave out, with their settings.
  public var layers: [(node: Node, settings: Method)] {
    graph.nodes.compactMap { node in
      guard let settings = settings(for: node.name),
        settings.applicability(to: node, in: graph) == .applicable
      else {
        return nil
      }
      return (node, settings)
    }
  }
}
