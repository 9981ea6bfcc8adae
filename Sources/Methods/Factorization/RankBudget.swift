import RealModule

/// Chooses ranks across layers for one budget.
///
/// **Formula**: minimizes `Σ_l -ln(1 - lost_l)` with `Σ_l cost_l ≤ limit`, so the product of the shares of
/// squared norm that the layers hold is largest. The options of each layer are reduced to their lower convex
/// hull; steps along the hulls of all layers are taken in the order of penalty added by cost saved.
///
/// **Paper**: Kim, Khan, Kyung, "Efficient neural network compression", 2019, arXiv:1811.12781.
enum RankBudget {
  /// A rank of a layer: its cost, and the share of the squared norm that it loses.
  struct Option {
    let cost: Double
    let lost: Double

    /// The term of the sum: `-ln(1 - lost)`, bounded where everything is lost.
    fileprivate var penalty: Double { -Double.log(max(1 - lost, 1e-12)) }
  }

  /// The chosen option of each layer, `nil` for a layer that stays whole, and the network's cost with them.
  struct Spending {
    var choices: [Int?]
    var total: Double
  }

  /// A step from one option of a layer to the next on its hull: the cost saved, and the penalty by cost
  /// saved.
  private struct Step {
    let layer: Int
    let option: Int
    let saved: Double
    let slope: Double
  }

  /// Chooses an option for each layer, so that a network of cost `total` costs `limit` at most.
  ///
  /// `whole` holds the costs of the layers as they are. If the limit cannot be reached, all steps are taken.
  static func choose(_ layers: [[Option]], whole: [Double], limit: Double, of total: Double) -> Spending {
    var steps: [Step] = []
    for (layer, options) in layers.enumerated() { steps += hull(options, whole: whole[layer], layer: layer) }
    // The index breaks ties, so steps of one layer stay in their order.
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

  /// Replaces the last step by the option of its layer with the least penalty that still meets the limit.
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
