import Foundation
public import Settings
import Training

/// Runs successive halving with several numbers of initial epochs, so that slow learners have a chance too.
///
///     s = s_max…0,  s_max = ⌊log_η(R / r)⌋:  n = ⌈(s_max + 1) / (s + 1) · η^s⌉ candidates begin with R / η^s epochs
///
/// R is the largest number of epochs, r the smallest and η the factor. Each s is a bracket of `SuccessiveHalving`; all brackets cost
/// about the same.
///
/// **Paper**: Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar, "Hyperband: a novel bandit-based approach to hyperparameter optimization",
/// JMLR 18, 2018, arXiv:1603.06560, algorithm 1.
public struct Hyperband: SearchStrategy {
  /// The name in recipes: `hyperband`.
  public static let name = "hyperband"
  /// The description in lists of strategies.
  public static let summary = "successive halving from few, more and all epochs on"

  /// The factor η between rungs: one in `factor` candidates continues, with `factor` times the epochs; 1.5…100.
  public var factor = 3.0
  /// The smallest number of epochs after which candidates are compared.
  public var leastEpochs = 1

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `factor`, `leastEpochs`.
  public static var settings: [Setting<Hyperband>] {
    [
      Setting("factor", \.factor, in: 1.5...100, "one of so many goes on, with so many times the epochs"),
      Setting(
        "leastEpochs", \.leastEpochs, in: 1...10_000, "epochs after which they are judged first, at least"),
    ]
  }

  /// True: candidates are ranked by fronts if the goal has several objectives.
  public var takesFronts: Bool { true }

  /// The sum of the candidates of all rungs.
  public func tries(in space: SearchSpace) -> Int {
    brackets(space).reduce(0) { $1.rungs.reduce($0) { $0 + $1.count } }
  }

  /// Refuses a space without a training that can be stopped early and continued.
  public func refusal(of space: SearchSpace) -> String? { SearchSpace.Budget.refusal(of: space, leastEpochs) }

  /// The assignments of `propose`.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    propose(count, search).map(\.assignment)
  }

  /// Proposes the candidates of the next rung, each with its epochs and the candidate it continues.
  public func propose(_ count: Int, _ search: SearchState) -> [Proposal] {
    HalvingBracket.proposals(brackets(search.space), count, search)
  }

  /// The brackets, from the one with the fewest initial epochs to the one that trains all candidates in full.
  func brackets(_ space: SearchSpace) -> [HalvingBracket] {
    let epochs = space.budget?.epochs ?? 1
    let most = HalvingBracket.halvings(of: Double(epochs) / Double(leastEpochs), by: factor)
    return (0...most).reversed().map { halvings in
      let count = Double(most + 1) / Double(halvings + 1) * Foundation.pow(factor, Double(halvings))
      return HalvingBracket(
        count: Int((count - 1e-9).rounded(.up)), halvings: halvings, factor: factor, epochs: epochs)
    }
  }
}
