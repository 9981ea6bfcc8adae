import Foundation
public import Settings
import Training

/// Successive halving with every number of first epochs, from the fewest to all: what learns slowly is not lost to what learns fast.
///
///     s = s_max…0,  s_max = ⌊log_η(R / r)⌋:  n = ⌈(s_max + 1) / (s + 1) · η^s⌉ candidates begin with R / η^s epochs
///
/// R is the most epochs and r the fewest; each s is a bracket of `SuccessiveHalving`, all of about the same cost.
///
/// **Paper** Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar, "Hyperband: a novel bandit-based approach to hyperparameter optimization",
/// JMLR 18, 2018, arXiv:1603.06560, algorithm 1.
public struct Hyperband: SearchStrategy {
  public static let name = "hyperband"
  public static let summary = "successive halving from few, more and all epochs on"

  /// One of so many goes on, with so many times the epochs.
  public var factor = 3.0
  /// The fewest epochs after which candidates are judged.
  public var leastEpochs = 1

  public init() {}

  public static var settings: [Setting<Hyperband>] {
    [
      Setting("factor", \.factor, in: 1.5...100, "one of so many goes on, with so many times the epochs"),
      Setting(
        "leastEpochs", \.leastEpochs, in: 1...10_000, "epochs after which they are judged first, at least"),
    ]
  }

  public var takesFronts: Bool { true }

  public func tries(in space: SearchSpace) -> Int {
    brackets(space).reduce(0) { $1.rungs.reduce($0) { $0 + $1.count } }
  }

  public func refusal(of space: SearchSpace) -> String? { SearchSpace.Budget.refusal(of: space, leastEpochs) }

  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    propose(count, search).map(\.assignment)
  }

  public func propose(_ count: Int, _ search: SearchState) -> [Proposal] {
    HalvingBracket.proposals(brackets(search.space), count, search)
  }

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
