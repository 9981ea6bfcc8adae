import Encodings
public import Graphs
public import Settings

/// Pulls the channels that will go to zero, more and more strongly, and removes them in the end.
public struct GrowingRegularization: ChannelPruningMethod {
  /// The name in recipes: `growing-regularization`.
  public static let name = "growing-regularization"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "pull the weakest channels to zero more and more strongly, then remove them",
    description: """
      At each of `times` points the channels are ranked anew. For channels with the lowest scores the pull to zero \
      grows by a step, up to `ceiling`; for the others it falls by a step. The pull acts on everything that makes a \
      channel: the filters of all tied layers, depthwise layers that follow, and the scales of batch norms, because \
      a norm would otherwise make up for a small filter. A channel that is chosen at every point reaches the ceiling \
      before the last one. The last point removes the channels with the lowest scores, as channel-pruning does; \
      their weights are near zero by then, so little is lost. SGD is unstable if the learning rate times the ceiling \
      is above 1.
      """,
    formula: """
      loss + sum over channels of strength/2·sum of w^2; strength' = min(ceiling, strength + ceiling/(times - 1)) for the \
      round(s(p)·n) lowest of n channels, max(0, strength - ceiling/(times - 1)) for the others
      """,
    paper: """
      Wang, Qin, Zhang, Fu, "Neural pruning via growing regularization", 2021, arXiv:2012.09243; Wang, Hu, Zhang, Wang, Hu, \
      "Structured pruning for efficient convolutional neural networks via incremental regularization", 2019, \
      arXiv:1804.09461; groups: Fang, Ma, Song, Mi, Wang, "DepGraph", 2023, arXiv:2301.12900
      """)

  /// The channels to remove in the end, and the points at which they are ranked.
  public var pruning: ChannelPruning
  /// The strongest pull, 1e-6...100: the strength in strength/2·w².
  public var ceiling = 1.0

  /// Removes half of the channels, ranked across the network, at 20 points.
  public init() { self.init(sparsity: 0.5) }

  /// Removes a share of the channels, at a number of points.
  public init(
    sparsity: Double, criterion: any Saliency = AbsoluteSum(), scope: any Allocation = .global,
    ceiling: Double = 1, times: Int = 20
  ) {
    pruning = ChannelPruning(sparsity: sparsity, criterion: criterion, scope: scope)
    pruning.amount.times = times
    self.ceiling = ceiling
  }

  /// Settings: those of `ChannelPruning`, `ceiling`.
  public static var settings: [Setting<GrowingRegularization>] {
    ChannelPruning.settings(\.pruning) + [
      Setting(
        "ceiling", \.ceiling, in: 1e-6...100, "largest strength of the pull, whose cost is strength/2·w^2")
    ]
  }
  /// Acts at `times` points, whatever the schedule.
  public var pacing: Pacing { .gradual(times: pruning.amount.times, share: pruning.amount.share) }

  /// Raises the pull on the lowest channels by ceiling/(times - 1) and lowers that on the others; removes at
  /// the end.
  public func compress(_ compression: inout Compression<GrowingRegularization>) throws -> Rewrite {
    let present = compression.graph
    var channels = compression.with(\.pruning, graph: present.shipped)
    let losses = try ChannelPruning.errors(as: Self.name) { try pruning.losses(&channels) }
    guard compression.progress < 1 else {
      return try ChannelPruning.errors(as: Self.name) { try losses.removed }
    }
    var strengths: [String: [Float]] = [:]
    for (choice, isGone) in zip(losses.choices, losses.isGone) {
      // Of tied layers with different ceilings the lowest applies.
      let ceilings = present.producers(of: choice.group).compactMap {
        compression.settings(for: $0.name)?.ceiling
      }
      let ceiling = Float(ceilings.min() ?? ceiling)
      let step = ceiling / Float(max(1, pruning.amount.times - 1))
      let grown = zip(present.strengths(of: choice.set), isGone).map { strength, isGone in
        isGone ? min(ceiling, strength + step) : max(0, strength - step)
      }
      // A norm behind a concatenation has channels of several groups.
      for (name, elements) in choice.set.spread(grown, over: [.making, .scaling]) {
        strengths[name] = strengths[name].map { zip($0, elements).map { max($0, $1) } } ?? elements
      }
    }
    // Nothing has gone yet, so there is nothing to compensate for.
    var pulled = present.shipped
    for (name, strength) in strengths where strength.contains(where: { $0 > 0 }) {
      guard let inner = pulled.parameters[name]?.encoding else { continue }
      pulled.parameters[name]?.encoding = Attracted(to: [0], strength: strength, inner: inner)
    }
    return Rewrite(inPlace: pulled)
  }
}

extension Graph {
  /// The strength of the pull on each unit: the mean over the weights that make it, which are all pulled
  /// alike.
  fileprivate func strengths(of set: UnitSet) -> [Float] {
    let sums = set.sums(.making) { name in
      guard let strength = (parameters[name]?.encoding as? Attracted)?.strength else { return nil }
      return { Double(strength[strength.count > 1 ? $0 : 0]) }
    }
    let counts = set.sums(.making) { _ in { _ in 1 } }
    return zip(sums, counts).map { Float($1 > 0 ? $0 / $1 : 0) }
  }
}
