import Graphs
import LinearAlgebra
import Tensors

/// A layer taken apart: the chains of smaller layers that may replace it, by rank.
protocol LayerFactors {
  /// A rank: a number of terms, or one number for each axis or core.
  associatedtype Rank

  /// The most ranks that a budget chooses from.
  var steps: Int { get }
  /// The ranks to choose from, in rising order; each holds no less than the one before.
  var ranks: [Rank] { get }
  /// The least rank that holds a share of the weight's squared norm, judged by its singular values.
  func rank(holding energy: Double) throws -> Rank
  /// The largest rank whose cost is within a share of the layer's weights; the least rank if none is.
  func rank(keeping ratio: Double, of cost: (Rank) throws -> Int, whole: Int) throws -> Rank
  /// The rank that variational Bayes finds, at least 1.
  func bayesianRank() throws -> Rank
  /// The share of the weight's squared norm that a rank does not hold, 0...1.
  func lost(_ rank: Rank) throws -> Double
  /// The layers of a rank; with `shapesAlone` their weights need not be computed.
  func layers(_ rank: Rank, shapesAlone: Bool) throws -> [NewLayer]
}

extension LayerFactors {
  /// Twenty-four ranks to choose from.
  var steps: Int { 24 }

  /// The last rank, in rising order, before the first that costs too much.
  func rank(keeping ratio: Double, of cost: (Rank) throws -> Int, whole: Int) throws -> Rank {
    var kept = ranks[0]
    for rank in ranks.dropFirst() {
      guard Double(try cost(rank)) <= ratio * Double(whole) else { break }
      kept = rank
    }
    return kept
  }
}

/// Factors of a layer from one singular value decomposition; a rank is a number of its terms.
protocol SingularFactors: LayerFactors where Rank == Int {
  /// The decomposition of the unfolded weight.
  var svd: SVD { get }
}

extension SingularFactors {
  /// From 1 to the number of singular values.
  var ranks: [Int] { Array(1...svd.values.count) }

  /// The least rank whose squared singular values sum to a share of all.
  func rank(holding energy: Double) -> Int { RankRule.rank(holding: energy, of: svd.values) }

  /// The rank that variational Bayes finds, at least 1.
  func bayesianRank() -> Int { max(1, svd.bayesianRank().rank) }

  /// The share of the squared singular values behind a rank.
  func lost(_ rank: Int) -> Double { RankRule.lost(rank, of: svd.values) }
}
