import Foundation
import Settings
import Tensors
import Training

/// Rungs of a race: many candidates of few epochs, of which the best go on with more.
struct HalvingBracket: Equatable {
  /// How many are there, and the epochs after which they are judged.
  struct Rung: Equatable {
    let count: Int
    let epochs: Int
  }

  let rungs: [Rung]

  /// The rungs of `count` candidates whose last has all `epochs`: in each of `halvings` steps one of `factor` is left, with `factor` times as
  /// many epochs.
  init(count: Int, halvings: Int, factor: Double, epochs: Int) {
    rungs = (0...halvings).map { step in
      Rung(
        count: max(1, Int((Double(count) / Foundation.pow(factor, Double(step)) + 1e-9).rounded(.down))),
        epochs: max(
          1, Int((Double(epochs) * Foundation.pow(factor, Double(step - halvings))).rounded())))
    }
  }

  /// How often `number` can be divided by `factor` without getting below 1.
  static func halvings(of number: Double, by factor: Double) -> Int {
    // A power must not fall short of itself by rounding.
    number < 1 ? 0 : Int((Foundation.log(number) / Foundation.log(factor) + 1e-9).rounded(.down))
  }

  /// What brackets one after another ask for next: a function of what was observed of the rungs that are finished.
  static func proposals(
    _ brackets: [HalvingBracket], _ count: Int, _ search: SearchState
  ) -> [Proposal] {
    guard count > 0, let budget = search.space.budget else { return [] }
    var seen = 0
    var drawn = 0
    for bracket in brackets {
      var members = (0..<bracket.rungs[0].count).map { number in
        var random = search.random.refined(by: drawn + number)
        return Proposal(Assignment(search.space.variables.map { $0.value(at: $0.drawnPlace(&random)) }))
      }
      drawn += members.count
      for (step, rung) in bracket.rungs.enumerated() {
        for index in members.indices {
          members[index].epochs = rung.epochs < budget.epochs ? rung.epochs : nil
        }
        guard search.observations.count >= seen + members.count else {
          return Array(members.dropFirst(search.observations.count - seen).prefix(count))
        }
        let places = seen..<(seen + members.count)
        seen = places.upperBound
        guard step + 1 < bracket.rungs.count else { break }
        members = promoted(places, search, count: bracket.rungs[step + 1].count)
        if members.isEmpty { break }
      }
    }
    return []
  }

  /// The best of a rung; what made no student does not go on.
  private static func promoted(
    _ places: Range<Int>, _ search: SearchState, count: Int
  ) -> [Proposal] {
    let all = search.observations
    let usable = places.filter { all[$0].miss.isFinite }
    let order: [Int]
    if search.isOfFront {
      order = ParetoRanks.order(
        of: usable.map { all[$0].objectives }, misses: usable.map { all[$0].miss }
      ).map { usable[$0] }
    } else {
      order = usable.sorted { first, second in
        if all[first].isBetter(than: all[second]) { return true }
        return !all[second].isBetter(than: all[first]) && first < second
      }
    }
    return order.prefix(count).map { Proposal(all[$0].assignment, parent: $0, continues: $0) }
  }
}
