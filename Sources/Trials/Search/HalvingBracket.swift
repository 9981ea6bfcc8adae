import Foundation
import Settings
import Tensors
import Training

/// A schedule of rungs, in which the best candidates of each rung continue with more epochs in the next.
struct HalvingBracket: Equatable {
  /// The number of candidates, and the epochs after which they are compared.
  struct Rung: Equatable {
    let count: Int
    let epochs: Int
  }

  let rungs: [Rung]

  /// Makes `halvings` + 1 rungs, the first of `count` candidates and the last of all `epochs`.
  ///
  /// Each step divides the candidates by `factor` and multiplies the epochs by it; both are at least 1.
  init(count: Int, halvings: Int, factor: Double, epochs: Int) {
    rungs = (0...halvings).map { step in
      Rung(
        count: max(1, Int((Double(count) / Foundation.pow(factor, Double(step)) + 1e-9).rounded(.down))),
        epochs: max(
          1, Int((Double(epochs) * Foundation.pow(factor, Double(step - halvings))).rounded())))
    }
  }

  /// The number of times that `number` can be divided by `factor` without falling below 1.
  static func halvings(of number: Double, by factor: Double) -> Int {
    // Rounding must not put an exact power of the factor below its exponent.
    number < 1 ? 0 : Int((Foundation.log(number) / Foundation.log(factor) + 1e-9).rounded(.down))
  }

  /// The next proposals of brackets that run one after another.
  ///
  /// They are a pure function of the observations of finished rungs.
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

  /// The best `count` candidates of a rung, as continuations; candidates without a student are left out.
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
