import Graphs
import Settings
import Tensors

/// A method that replaces a convolution by a block of smaller layers.
public protocol FilterMethod: CompressionMethod {
  /// The choice of the layers to replace, and the fit of their blocks.
  var choice: FilterChoice { get set }
}

extension FilterMethod {
  /// The family that rankings show it in: filters.
  public static var family: MethodFamily { .filters }
  /// Changes nodes and shapes.
  public static var order: PipelineOrder { .structure }
  /// Activations for a fit, losses for the order of least harm under a budget.
  public var evidence: Set<EvidenceKind> { choice.evidence }

  /// Applicable if a block has fewer parameters than the layer.
  ///
  /// `obstacle` returns a reason of the method's own against a layer.
  func applicability(
    to node: Node, in graph: Graph, first: Bool, obstacle: (ConvolutionTraits) -> String? = { _ in nil },
    _ block: (ConvolutionTraits) -> FilterBlock
  ) -> Applicability {
    guard let traits = ConvolutionTraits(node, in: graph) else {
      return .notApplicable(reason: "it is no convolution")
    }
    if let reason = traits.refusal(firstToo: first) ?? obstacle(traits) {
      return .notApplicable(reason: reason)
    }
    do throws(GraphError) {
      let cost = try graph.cost(of: block(traits).layers)
      let whole = try graph.cost(of: [NewLayer(op: node.op, name: node.name, inputs: node.inputs)])
      guard cost.parameters < whole.parameters else {
        return .notApplicable(
          reason: "its block would have \(cost.parameters) parameters, it has \(whole.parameters)")
      }
      return .applicable
    } catch {
      return .notApplicable(reason: "\(error)")
    }
  }

  /// The network with blocks in place of layers: all that the method applies to, or as many as a budget
  /// needs.
  ///
  /// Throws if a block cannot be made, and if no layer would be replaced.
  static func replace(
    _ compression: inout Compression<Self>,
    _ block: (Self, ConvolutionTraits, Graph) throws -> FilterBlock
  ) throws -> Rewrite {
    let graph = compression.graph
    var blocks: [FilterBlock] = []
    for (node, settings) in compression.layers {
      guard let traits = ConvolutionTraits(node, in: graph) else { continue }
      blocks.append(try located("\(name): \(node.name)") { try block(settings, traits, graph) })
    }
    var warnings: [String] = []
    if let budget = compression.method.choice.budget, !blocks.isEmpty {
      blocks = try spend(budget, blocks, &compression, &warnings)
    }
    guard !blocks.isEmpty else {
      let reason =
        compression.method.choice.budget == 1
        ? "a budget of 1 keeps the whole network; lower it" : "no convolution would become smaller"
      throw MethodError.nothingToDo(method: name, reason: reason)
    }
    var rewrite = try replaced(blocks, &compression)
    rewrite.warnings += warnings
    return rewrite
  }

  /// The network with the given blocks, fitted if the settings say so.
  private static func replaced(
    _ blocks: [FilterBlock], _ compression: inout Compression<Self>
  ) throws -> Rewrite {
    let layers = Dictionary(uniqueKeysWithValues: blocks.map { ($0.value, $0.layers) })
    let rewrite = try located(name) {
      try compression.graph.replacing(layers, key: compression.random.key)
    }
    let choice = compression.method.choice
    guard choice.reconstruct else { return rewrite }
    return try choice.fit.fitted(rewrite, blocks.flatMap(\.parts), &compression)
  }

  /// The blocks that bring the network within a share of its multiply-adds, the best by the order first.
  ///
  /// Warns if all blocks together do not reach the budget.
  private static func spend(
    _ budget: Double, _ blocks: [FilterBlock], _ compression: inout Compression<Self>,
    _ warnings: inout [String]
  ) throws -> [FilterBlock] {
    let graph = compression.graph
    let choice = compression.method.choice
    var ranked: [(index: Int, saved: Int, harm: Double)] = []
    let before =
      choice.layers == .leastHarm
      ? try compression.evidence.meanLoss(of: graph, images: choice.fit.images) : 0
    // Each block is tried alone, so its saving counts the norms and activations that come with it.
    for (index, block) in blocks.enumerated() {
      let without = try replaced([block], &compression).graph
      let saved = graph.multiplyAdds - without.multiplyAdds
      guard saved > 0 else { continue }
      let harm =
        choice.layers == .leastHarm
        ? (try compression.evidence.meanLoss(of: without, images: choice.fit.images) - before) / Double(saved)
        : -Double(saved)
      ranked.append((index, saved, harm))
    }
    let limit = budget * Double(graph.multiplyAdds)
    // Savings are added up as if blocks were independent, which holds for multiply-adds.
    var left = graph.multiplyAdds
    var chosen: Set<Int> = []
    // The index breaks ties, so equal layers always go in the graph's order.
    for layer in ranked.sorted(by: { ($0.harm, $0.index) < ($1.harm, $1.index) }) where Double(left) > limit {
      chosen.insert(layer.index)
      left -= layer.saved
    }
    if Double(left) > limit {
      let share = (1000 * Double(left) / Double(graph.multiplyAdds)).rounded() / 10
      warnings.append(
        "\(share) % of the multiply-adds are left with all layers replaced, not "
          + "\((1000 * budget).rounded() / 10) %")
    }
    return blocks.indices.filter(chosen.contains).map { blocks[$0] }
  }
}
