import Foundation
public import Settings
import Training

/// Trains many candidates for few epochs, and repeatedly continues the best of them.
///
///     n_i = ⌊n / η^i⌋ candidates are judged after r_i = R / η^(k - i) epochs,  i = 0…k
///
/// n is `tries`, η is `factor`, and R is the number of epochs of the longest stage that only trains; this stage is cut short. A
/// candidate continues from its checkpoint and gets the same weights as in one uninterrupted training. Later stages are run in every
/// rung. Only candidates with all epochs can be chosen. For several objectives, candidates are ranked by front, then by crowding
/// distance.
///
/// **Papers**: Karnin, Koren, Somekh, "Almost optimal exploration in multi-armed bandits", ICML 2013; Jamieson, Talwalkar, "Non-stochastic best
/// arm identification and hyperparameter optimization", AISTATS 2016, arXiv:1502.07943.
public struct SuccessiveHalving: SearchStrategy {
  /// The name in recipes: `halving`.
  public static let name = "halving"
  /// The description in lists of strategies.
  public static let summary = "begins many combinations with few epochs, and lets the best go on"

  /// The number of candidates of the first rung.
  public var tries = 27
  /// The factor η between rungs: one in `factor` candidates continues, with `factor` times the epochs; 1.5…100.
  public var factor = 3.0
  /// The smallest number of epochs after which candidates are compared.
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

  /// The sum of the candidates of all rungs.
  public func tries(in space: SearchSpace) -> Int { bracket(space).rungs.reduce(0) { $0 + $1.count } }

  /// Refuses a space without a training that can be stopped early and continued.
  public func refusal(of space: SearchSpace) -> String? { SearchSpace.Budget.refusal(of: space, leastEpochs) }

  /// The assignments of `propose`.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    propose(count, search).map(\.assignment)
  }

  /// Proposes the candidates of the next rung, each with its epochs and the candidate it continues.
  public func propose(_ count: Int, _ search: SearchState) -> [Proposal] {
    HalvingBracket.proposals([bracket(search.space)], count, search)
  }

  /// The only bracket, with as many rungs as the numbers of candidates and epochs allow.
  func bracket(_ space: SearchSpace) -> HalvingBracket {
    let epochs = space.budget?.epochs ?? 1
    let halvings = min(
      HalvingBracket.halvings(of: Double(tries), by: factor),
      HalvingBracket.halvings(of: Double(epochs) / Double(leastEpochs), by: factor))
    return HalvingBracket(count: tries, halvings: halvings, factor: factor, epochs: epochs)
  }
}
