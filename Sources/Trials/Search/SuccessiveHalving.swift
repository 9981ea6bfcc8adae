import Foundation
public import Settings
import Training

/// Begins many candidates with few epochs, and lets the best of them go on, again and again.
///
///     n_i = ⌊n / η^i⌋ candidates are judged after r_i = R / η^(k - i) epochs,  i = 0…k
///
/// R is what the stage that is cut short trains at most: the longest that only trains. A candidate goes on from the checkpoint that
/// it left, so that it ends as one that was trained in one go; stages behind it are run each time. Only those with all epochs can be
/// chosen. Of several objectives the best are those of the first fronts, with most room on them.
///
/// **Paper** Karnin, Koren, Somekh, "Almost optimal exploration in multi-armed bandits", ICML 2013; Jamieson, Talwalkar, "Non-stochastic best
/// arm identification and hyperparameter optimization", AISTATS 2016, arXiv:1502.07943.
public struct SuccessiveHalving: SearchStrategy {
  /// The name in recipes: `halving`.
  public static let name = "halving"
  /// The description in lists of strategies.
  public static let summary = "begins many combinations with few epochs, and lets the best go on"

  /// Candidates of the first rung.
  public var tries = 27
  /// The factor of a rung: one of `factor` candidates goes on, with `factor` times the epochs.
  public var factor = 3.0
  /// The fewest epochs after which candidates are judged.
  public var leastEpochs = 1

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `tries`, `factor`, `leastEpochs`.
  public static var settings: [Setting<SuccessiveHalving>] {
    [
      Setting("tries", \.tries, in: 1...10_000, "how many combinations begin"),
      Setting("factor", \.factor, in: 1.5...100, "one of so many goes on, with so many times the epochs"),
      Setting(
        "leastEpochs", \.leastEpochs, in: 1...10_000, "epochs after which they are judged first, at least"),
    ]
  }

  /// True: candidates are ranked by fronts if the goal has several objectives.
  public var takesFronts: Bool { true }

  /// The number of candidates in all.
  public func tries(in space: SearchSpace) -> Int { bracket(space).rungs.reduce(0) { $0 + $1.count } }

  /// Refuses a space without a training that can be cut short.
  public func refusal(of space: SearchSpace) -> String? { SearchSpace.Budget.refusal(of: space, leastEpochs) }

  /// The assignments of `propose`.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    propose(count, search).map(\.assignment)
  }

  /// Proposes the candidates of the next rung, each with its epochs and the candidate it continues.
  public func propose(_ count: Int, _ search: SearchState) -> [Proposal] {
    HalvingBracket.proposals([bracket(search.space)], count, search)
  }

  func bracket(_ space: SearchSpace) -> HalvingBracket {
    let epochs = space.budget?.epochs ?? 1
    let halvings = min(
      HalvingBracket.halvings(of: Double(tries), by: factor),
      HalvingBracket.halvings(of: Double(epochs) / Double(leastEpochs), by: factor))
    return HalvingBracket(count: tries, halvings: halvings, factor: factor, epochs: epochs)
  }
}
