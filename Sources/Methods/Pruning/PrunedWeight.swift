import Graphs
import Tensors

/// A weight tensor while it is pruned: how much each element matters, and which are kept.
struct PrunedWeight {
  /// The parameter: `conv1.weight`.
  let name: String
  /// How much each element matters, 0 or more.
  let scores: [Float]
  /// Which elements are kept.
  private(set) var kept: [Bool]
  /// The element that always stays, so that no layer vanishes: the first of the largest scores.
  private let protected: Int?

  /// A tensor with the mask of earlier stages.
  init(_ name: String, scores: [Float], kept: [Bool]) {
    self.name = name
    self.scores = scores
    self.kept = kept
    let candidates = scores.indices.filter { kept[$0] }
    protected = candidates.max { (scores[$0], -$0) < (scores[$1], -$1) }
  }

  /// Elements that are pruned.
  var prunedCount: Int { kept.reduce(0) { $0 + ($1 ? 0 : 1) } }

  /// The scores of what may still be pruned.
  var candidateScores: [Float] { scores.indices.filter(isCandidate).map { scores[$0] } }

  /// Prunes every candidate with a score below a limit, and the first `ties` of those that equal it.
  mutating func prune(below limit: Float, ties: inout Int) {
    for index in scores.indices where isCandidate(index) {
      if scores[index] < limit {
        kept[index] = false
      } else if scores[index] == limit, ties > 0 {
        kept[index] = false
        ties -= 1
      }
    }
  }

  private func isCandidate(_ index: Int) -> Bool { kept[index] && index != protected }
}

/// Weight tensors that are pruned to one sparsity together.
struct WeightPool {
  /// The share of all elements that is to be pruned, 0...1.
  let sparsity: Double
  /// The tensors, in the order of the graph.
  var weights: [PrunedWeight]

  /// Prunes the elements of the lowest scores until `round(sparsity · elements)` are gone, those of earlier stages
  /// included; of equal scores the first. One element of each tensor stays.
  mutating func prune() {
    let count = weights.reduce(0) { $0 + $1.scores.count }
    let pruned = weights.reduce(0) { $0 + $1.prunedCount }
    var candidates = weights.flatMap(\.candidateScores)
    let missing = min(Int((sparsity * Double(count)).rounded()) - pruned, candidates.count)
    guard missing > 0 else { return }
    candidates.sort()
    let limit = candidates[missing - 1]
    var ties = missing - candidates.prefix(missing).count { $0 < limit }
    for index in weights.indices { weights[index].prune(below: limit, ties: &ties) }
  }
}

/// The pools of one application: a layer by itself, or all layers of global scope with one sparsity.
struct WeightPools {
  private(set) var pools: [WeightPool] = []
  private var globalPool: [Double: Int] = [:]

  /// Adds a tensor where its settings put it.
  mutating func add(_ weight: PrunedWeight, _ amount: PruningAmount, at progress: Double) {
    let sparsity = amount.sparsity(at: progress)
    if amount.scope == .global, let index = globalPool[sparsity] {
      pools[index].weights.append(weight)
      return
    }
    if amount.scope == .global { globalPool[sparsity] = pools.count }
    pools.append(WeightPool(sparsity: sparsity, weights: [weight]))
  }

  /// Every tensor after pruning.
  func pruned() -> [PrunedWeight] {
    pools.flatMap { pool in
      var pool = pool
      pool.prune()
      return pool.weights
    }
  }
}
