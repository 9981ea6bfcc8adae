import RealModule

/// Ranks across layers for one budget.
///
/// **Formula**: least `Σ_l -ln(1 - lost_l)` with `Σ_l cost_l ≤ limit`, by the lower convex hull of each layer's
/// options: the steps of all layers are taken in the order of what they lose by what they save. What is multiplied is
/// the share of each layer's squared norm that is held.
///
/// **Paper**: Kim, Khan, Kyung, "Efficient neural network compression", 2019, arXiv:1811.12781.
enum RankBudget {
  /// A rank of a layer.
  struct Option {
    let cost: Double
    let lost: Double

    fileprivate var penalty: Double { -Double.log(max(1 - lost, 1e-12)) }
  }

  /// The chosen option of each layer, `nil` for a layer that stays whole, and what the network takes then.
  struct Spending {
    var choices: [Int?]
    var total: Double
  }

  private struct Step {
    let layer: Int
    let option: Int
    let saved: Double
    let slope: Double
  }

  /// Chooses an option a layer, so that a network of `total`, of which the layers take `whole` as they are, takes
  /// `limit` at most; where that cannot be, the cheapest of all.
  static func choose(_ layers: [[Option]], whole: [Double], limit: Double, of total: Double) -> Spending {
    var steps: [Step] = []
    for (layer, options) in layers.enumerated() { steps += hull(options, whole: whole[layer], layer: layer) }
    // A stable order: steps of one layer never change places.
    let order = steps.indices.sorted { (steps[$0].slope, $0) < (steps[$1].slope, $1) }
    var spending = Spending(choices: Array(repeating: nil, count: layers.count), total: total)
    for index in order where spending.total > limit {
      let step = steps[index]
      let before = spending
      spending.choices[step.layer] = step.option
      spending.total -= step.saved
      guard spending.total < limit else { continue }
      refine(&spending, step, from: before, layers[step.layer], whole: whole[step.layer], limit: limit)
    }
    return spending
  }

  /// Takes back of the last step what the limit does not need.
  private static func refine(
    _ spending: inout Spending, _ step: Step, from before: Spending, _ options: [Option], whole: Double,
    limit: Double
  ) {
    let present = before.choices[step.layer].map { options[$0].cost } ?? whole
    let enough = options.indices.filter { before.total - present + options[$0].cost <= limit }
    guard let best = enough.min(by: { options[$0].penalty < options[$1].penalty }) else { return }
    spending.choices[step.layer] = best
    spending.total = before.total - present + options[best].cost
  }

  /// The steps from the whole layer along the lower convex hull of its options, of rising slopes.
  private static func hull(_ options: [Option], whole: Double, layer: Int) -> [Step] {
    var steps: [Step] = []
    var (cost, penalty) = (whole, 0.0)
    while true {
      let cheaper = options.indices.filter { options[$0].cost < cost }
      func slope(_ index: Int) -> Double {
        max(options[index].penalty - penalty, 0) / (cost - options[index].cost)
      }
      // Of equal slopes the longest step.
      guard let next = cheaper.min(by: { (slope($0), options[$0].cost) < (slope($1), options[$1].cost) })
      else { return steps }
      steps.append(
        Step(layer: layer, option: next, saved: cost - options[next].cost, slope: slope(next)))
      (cost, penalty) = (options[next].cost, max(penalty, options[next].penalty))
    }
  }
}
