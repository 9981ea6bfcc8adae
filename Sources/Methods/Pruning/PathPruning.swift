public import Graphs
public import Settings

/// Removes whole branches of a network that forks.
public struct PathPruning: CompressionMethod {
  /// The name in recipes: `path-pruning`.
  public static let name = "path-pruning"
  /// The family that rankings show it in: pruning.
  public static let family = MethodFamily.pruning
  /// Changes nodes and shapes.
  public static let order = PipelineOrder.structure
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "remove whole branches that meet others in a concatenation",
    description: """
      A network with branches, such as a tree of classifiers with a branch for each group of classes, computes along \
      paths that meet in concatenations. The worth of a path is that of all its channels to the layers that read \
      them, by a criterion for channels. The paths of the least worth go whole, with all layers that serve them \
      alone. At least one path of each junction stays.
      """,
    formula: """
      worth of a path = sum of the scores of its channels; the lowest go until round(s·n) of n paths are gone, one after the \
      other; paths are ranked by worth / mean worth of their junction's, where the criterion compares so
      """,
    paper: """
      a tree of experts by groups of classes: Yan et al., "HD-CNN: hierarchical deep convolutional neural networks for large \
      scale visual recognition", ICCV 2015, arXiv:1410.0736; removal of parts by their importance: Molchanov et al., 2019, \
      arXiv:1906.10771
      """)

  /// The sparsity, a share of the paths, and the schedule by which it is reached.
  public var amount = PruningAmount(sparsity: 0.5)
  /// The criterion that scores a path's channels.
  public var criterion: any Saliency = TaylorExpansion()
  /// Training images to look at, for criteria that name no number.
  public var images = 1024

  /// Removes half of the paths at once, ranked across junctions.
  public init() {}

  /// Removes paths to a sparsity at once.
  public init(sparsity: Double, criterion: any Saliency = TaylorExpansion()) {
    amount.sparsity = sparsity
    self.criterion = criterion
  }

  /// Settings: those of `PruningAmount` without `scope`, `criterion`, `images`.
  public static var settings: [Setting<PathPruning>] {
    PruningAmount.settings(\.amount, of: "paths", [.channel]).filter { $0.name != "scope" } + [
      SaliencyCatalogue.setting(
        \.criterion, scoring: [.channel], "the criterion that scores a path's channels"),
      Setting(
        "images", \.images, in: 1...1_000_000,
        "training images for criteria that give no number"),
    ]
  }

  /// The strength is the sparsity.
  public static var strength: WritableKeyPath<PathPruning, Double>? { \.amount.sparsity }
  /// Acts at once or on the schedule of the amount.
  public var pacing: Pacing { amount.pacing }
  /// The evidence of the criterion.
  public var evidence: Set<EvidenceKind> { criterion.evidence }

  /// The same method with the criterion `random`; `nil` if it is that already.
  public var randomControl: (any CompressionMethod)? {
    guard !(criterion is RandomScore) else { return nil }
    var control = self
    control.criterion = RandomScore(controlling: criterion)
    return control
  }

  /// Refuses nodes without weights, and nodes on no path that could be removed.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard !graph.slots(of: node).isEmpty else {
      return .notApplicable(reason: "it has no weights; it goes with the layers of its path")
    }
    return graph.paths().contains { $0.nodes.contains(node.name) }
      ? .applicable : .notApplicable(reason: "it is not on a path that can be removed")
  }

  /// Removes the path worth least, one after the other, until enough are gone.
  public func compress(_ compression: inout Compression<PathPruning>) throws -> Rewrite {
    let graph = compression.graph
    let present = Self.paths(of: graph, compression)
    let original = Self.paths(of: compression.original, compression)
    guard !original.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason: "the network has no paths that meet in a concatenation, or the recipe leaves them all out")
    }
    let worths = try worths(present, &compression)
    var rewrite = Rewrite(inPlace: graph)
    var left = present
    while let next = next(left, of: original, in: rewrite.graph, worths, at: compression.progress) {
      rewrite = rewrite.followed(by: try located(Self.name) { try rewrite.graph.removing(next) })
      // Of a junction with one path left nothing can go, and junctions within a removed path are gone with
      // it.
      left = Self.paths(of: rewrite.graph, compression)
    }
    guard Self.gone(original, from: rewrite.graph) > 0 || compression.progress < 1 else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "a sparsity of \(amount.sparsity) is less than one path; raise it")
    }
    return rewrite
  }

  /// The paths of a network all of whose layers are left to the method.
  private static func paths(of graph: Graph, _ compression: Compression<PathPruning>) -> [GraphPath] {
    graph.paths().filter { path in path.nodes.allSatisfy { compression.settings(for: $0) != nil } }
  }

  /// The number of paths that are gone; a path at whose junction one path is left counts as that one.
  private static func gone(_ original: [GraphPath], from graph: Graph) -> Int {
    func isLeft(_ path: GraphPath) -> Bool {
      graph.shape(of: path.value) != nil || original.contains { $0.junction == path.value && isLeft($0) }
    }
    return original.count { !isLeft($0) }
  }

  /// The path that goes next; `nil` if enough are gone, or none can go.
  private func next(
    _ left: [GraphPath], of original: [GraphPath], in graph: Graph, _ worths: [String: Double],
    at progress: Double
  ) -> GraphPath? {
    let wanted = Int((amount.sparsity(at: progress) * Double(original.count)).rounded())
    guard Self.gone(original, from: graph) < wanted else { return nil }
    let scale = criterion.scale(of: .channel)
    var scaled: [GraphPath: Double] = [:]
    for members in Dictionary(grouping: left, by: \.junction).values {
      let numbers = scale.applied(to: members.map { worths[$0.value] ?? 0 })
      for (path, number) in zip(members, numbers) { scaled[path] = number }
    }
    return left.enumerated().min { a, b in
      (scaled[a.element] ?? 0, a.offset) < (scaled[b.element] ?? 0, b.offset)
    }?.element
  }

  /// The sum of the scores of each path's channels, by the value in which the path ends.
  private func worths(
    _ paths: [GraphPath], _ compression: inout Compression<PathPruning>
  ) throws -> [String: Double] {
    let graph = compression.graph
    let groups = graph.channelGroups()
    let sets = groups.map { UnitSet($0, in: graph) }
    let known = groups.indices.filter { group in
      paths.contains { groups[group].values.contains($0.value) } && criterion.obstacle(to: sets[group]) == nil
    }
    let scores = try compression.scores(known.map { (set: sets[$0], criterion: criterion) }, images: images)
    var worths: [String: Double] = [:]
    for value in Set(paths.map(\.value)) {
      for (group, scores) in zip(known, scores) {
        for (unit, score) in zip(groups[group].units, scores) where unit.channels[value] != nil {
          worths[value, default: 0] += score
        }
      }
    }
    return worths
  }
}
