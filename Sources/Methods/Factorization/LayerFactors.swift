import Graphs
import LinearAlgebra
import Tensors

/// A layer taken apart: the chains of smaller layers that may stand in its place, by rank.
protocol LayerFactors {
  associatedtype Rank

  /// The most ranks that a budget chooses from.
  var steps: Int { get }
  /// Ranks to choose from, from the least on; each holds no less than the one before.
  var ranks: [Rank] { get }
  /// The least rank that holds a share of the weight's squared norm, as far as its singular values tell.
  func rank(holding energy: Double) throws -> Rank
  /// The largest rank within a share of the layer's weights; the least where none is.
  func rank(keeping ratio: Double, of cost: (Rank) throws -> Int, whole: Int) throws -> Rank
  /// The rank that variational Bayes finds.
  func bayesianRank() throws -> Rank
  /// The share of the weight's squared norm that a rank does not hold.
  func lost(_ rank: Rank) throws -> Double
  /// The layers of a rank; those of shapes alone have no parameters but fresh ones.
  func layers(_ rank: Rank, shapesAlone: Bool) throws -> [NewLayer]
}

extension LayerFactors {
  var steps: Int { 24 }

  func rank(keeping ratio: Double, of cost: (Rank) throws -> Int, whole: Int) throws -> Rank {
    var kept = ranks[0]
    for rank in ranks.dropFirst() {
      guard Double(try cost(rank)) <= ratio * Double(whole) else { break }
      kept = rank
    }
    return kept
  }
}

/// Factors of a layer that one singular value decomposition gives: a rank is a number of its terms.
protocol SingularFactors: LayerFactors where Rank == Int {
  var svd: SVD { get }
}

extension SingularFactors {
  var ranks: [Int] { Array(1...svd.values.count) }

  func rank(holding energy: Double) -> Int { RankRule.rank(holding: energy, of: svd.values) }

  func bayesianRank() -> Int { max(1, svd.bayesianRank().rank) }

  func lost(_ rank: Int) -> Double { RankRule.lost(rank, of: svd.values) }
}
