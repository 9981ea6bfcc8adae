public import Settings

/// The judgement of candidates by weights that all networks of a space share.
///
/// One training makes the weights (`ElasticTrainer`). A candidate is its part of them, with statistics of
/// batch norms measured for it (`NormStatistics`). It is not trained. When the strategy has ended, the best
/// candidates are trained alone as the recipe says, and others over the whole order with them. The student is
/// the best of those trained alone. The rank correlation of both judgements says what shared weights are
/// worth for the space.
public struct SharedWeights: Configurable, Sendable, Equatable {
  /// The epochs of the shared training; `nil` for those of the stage.
  public var epochs: Int?
  /// The number of best candidates that are trained alone.
  public var finalists = 3
  /// The number of other candidates that are trained alone, at equal steps of rank down to the last.
  public var compared = 5
  /// The number of training images over which statistics of batch norms are measured.
  public var images = 1024

  /// Makes a judgement with the default settings.
  public init() {}

  /// Settings: `epochs`, `finalists`, `compared`, `images`.
  public static var settings: [Setting<SharedWeights>] {
    [
      Setting(
        "epochs", \.epochs, in: 1...100_000, "epochs of the shared training; null takes those of the stage"),
      Setting("finalists", \.finalists, in: 1...1000, "best candidates that are trained alone"),
      Setting(
        "compared", \.compared, in: 0...1000,
        "other candidates that are trained alone for the rank correlation, at equal steps of rank"),
      Setting(
        "images", \.images, in: 1...1_000_000,
        "training images over which statistics of batch norms are measured for a candidate"),
    ]
  }

  /// The most candidates that are trained alone.
  var alone: Int { finalists + compared }

  /// The proposals that are trained alone, from what the shared weights said of all candidates.
  ///
  /// Each continues an observation as its parent. Candidates without a student, and repeated assignments, are
  /// left out.
  public func proposals(_ search: SearchState) -> [Proposal] {
    let all = search.observations
    var known: [Assignment] = []
    let usable = all.indices.filter { index in
      guard all[index].miss.isFinite, !known.contains(all[index].assignment) else { return false }
      known.append(all[index].assignment)
      return true
    }
    let order =
      search.isOfFront
      ? ParetoRanks.order(of: usable.map { all[$0].objectives }, misses: usable.map { all[$0].miss })
        .map { usable[$0] }
      : usable.sorted { first, second in
        if all[first].isBetter(than: all[second]) { return true }
        return !all[second].isBetter(than: all[first]) && first < second
      }
    let rest = Array(order.dropFirst(finalists))
    let others = min(compared, rest.count)
    let spread = (1..<(others + 1)).map { rest[$0 * rest.count / others - 1] }
    return (order.prefix(finalists) + spread).map { index in
      var proposal = Proposal(all[index].assignment, parent: index)
      proposal.trainsAlone = true
      return proposal
    }
  }
}
