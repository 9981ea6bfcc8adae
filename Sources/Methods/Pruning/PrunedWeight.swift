import Graphs
import Tensors

/// A weight tensor while it is pruned: the scores of its units, and which of them go.
struct PrunedWeight {
  /// The units.
  let units: UnitSet
  /// The score of each unit.
  let scores: [Double]
  /// True for elements that earlier stages left.
  private let survivors: [Bool]
  /// The number of elements that earlier stages left of each unit.
  private let sizes: [Int]
  /// True for units that always stay.
  ///
  /// They are the one of the largest score, so that no layer vanishes, and those that a pattern asks for.
  private let isProtected: [Bool]
  /// True for units that are pruned now.
  private(set) var isGone: [Bool]
  /// The score between pruned and kept units; `nil` if nothing is pruned.
  private var limit: Double?

  /// Makes a tensor with the mask of earlier stages.
  init(_ set: UnitSet, shape: Shape, scores: [Double], survivors: [Bool], pattern: UnitPattern? = nil) {
    self.units = set
    self.scores = scores
    self.survivors = survivors
    var sizes = Array(repeating: 0, count: set.count)
    for element in survivors.indices where survivors[element] { sizes[set.unit(of: element)] += 1 }
    self.sizes = sizes
    isGone = Array(repeating: false, count: set.count)
    var isProtected = isGone
    if let best = scores.indices.filter({ sizes[$0] > 0 }).max(by: { (scores[$0], -$0) < (scores[$1], -$1) })
    {
      isProtected[best] = true
    }
    if let pattern {
      for group in pattern.groups(of: shape) {
        let order = group.sorted { (sizes[$0], scores[$0], -$0) > (sizes[$1], scores[$1], -$1) }
        for unit in order.prefix(pattern.kept) { isProtected[unit] = true }
      }
    }
    self.isProtected = isProtected
  }

  /// The name of the parameter, such as `conv1.weight`.
  var name: String { units.name }
  /// Elements of the tensor.
  var elementCount: Int { survivors.count }
  /// True for elements that are kept.
  var kept: [Bool] { survivors.indices.map { survivors[$0] && !isGone[units.unit(of: $0)] } }
  /// The elements that are kept if units change sides only beyond a margin around the limit.
  ///
  /// Below `(1 - margin)·limit` they go, from `(1 + margin)·limit` on they come back, and in between they
  /// stay as before.
  func kept(margin: Double, before: [Bool]) -> [Bool] {
    guard margin > 0, let limit else { return kept }
    return survivors.indices.map { element in
      let unit = units.unit(of: element)
      guard survivors[element], !isProtected[unit] else { return survivors[element] }
      if scores[unit] < (1 - margin) * limit { return false }
      return scores[unit] >= (1 + margin) * limit || before[element]
    }
  }
  /// Elements that are pruned, by this stage or before.
  var prunedCount: Int {
    let left = sizes.indices.reduce(0) { $0 + (isGone[$1] ? 0 : sizes[$1]) }
    return elementCount - left
  }

  /// The most elements that may be pruned together, those that are pruned included.
  var mostPruned: Int { candidates.reduce(prunedCount) { $0 + $1.size } }

  /// The scores and elements of the units that may still be pruned.
  var candidates: [(score: Double, size: Int)] {
    scores.indices.filter(isCandidate).map { (scores[$0], sizes[$0]) }
  }

  /// Prunes every candidate below a limit, and of those that equal it the first that have at most `ties`
  /// elements.
  ///
  /// `next` is the least score that stays if all at the limit go; the limit for margins is then midway.
  mutating func prune(below limit: Double, ties: inout Int, next: Double? = nil) {
    self.limit = next.map { (limit + $0) / 2 } ?? limit
    for unit in scores.indices where isCandidate(unit) {
      if scores[unit] < limit {
        isGone[unit] = true
      } else if scores[unit] == limit, ties > 0 {
        // A unit that no longer fits leaves `ties` negative, so all after it stay too.
        ties -= sizes[unit]
        isGone[unit] = ties >= 0
      }
    }
  }

  /// True if a unit may still be pruned.
  private func isCandidate(_ unit: Int) -> Bool { sizes[unit] > 0 && !isGone[unit] && !isProtected[unit] }
}

extension UnitPattern {
  /// The elements of a weight tensor that are neighbours along the inputs.
  fileprivate func groups(of shape: Shape) -> [[Int]] {
    let inputs = shape.rank > 1 ? shape[1] : 1
    let inner = shape.spatialCount
    return (0..<shape[0]).flatMap { output in
      stride(from: 0, to: inputs, by: of).flatMap { start in
        (0..<inner).map { place in
          (start..<min(start + of, inputs)).map { (output * inputs + $0) * inner + place }
        }
      }
    }
  }
}

/// Weight tensors that are pruned to one sparsity together.
struct WeightPool {
  /// The share of all elements to prune, 0...1.
  let sparsity: Double
  /// The tensors, in the order of the graph.
  var weights: [PrunedWeight]

  /// Prunes the units of the lowest scores until `round(sparsity · elements)` elements are gone.
  ///
  /// If whole units do not fit, fewer go. Elements of earlier stages are included. Of equal scores the first
  /// go. One unit of each tensor stays.
  mutating func prune() {
    let count = weights.reduce(0) { $0 + $1.elementCount }
    let pruned = weights.reduce(0) { $0 + $1.prunedCount }
    let missing = Int((sparsity * Double(count)).rounded()) - pruned
    var candidates = weights.flatMap(\.candidates)
    guard missing > 0, !candidates.isEmpty else { return }
    candidates.sort { $0.score < $1.score }
    // The limit is the score at which enough elements are found; all units below it go.
    var (limit, below, reached) = (candidates[0].score, 0, 0)
    for candidate in candidates where reached < missing {
      if candidate.score > limit { (limit, below) = (candidate.score, reached) }
      reached += candidate.size
    }
    var ties = missing - below
    let atLimit = candidates.reduce(0) { $1.score <= limit ? $0 + $1.size : $0 }
    let next = atLimit <= missing ? candidates.first { $0.score > limit }?.score ?? .infinity : nil
    for index in weights.indices { weights[index].prune(below: limit, ties: &ties, next: next) }
  }

  /// The tensors after pruning.
  func pruned() -> [PrunedWeight] {
    var pool = self
    pool.prune()
    return pool.weights
  }
}
