import Foundation
import LinearAlgebra
import Tensors
import Testing

@Suite("Ranks by variational Bayes")
struct BayesianRankTests {
  /// A matrix of a rank plus noise of variance amplitude²/12, reproducible in every language.
  private func matrix(_ rows: Int, _ columns: Int, rank: Int, amplitude: Double) -> Tensor {
    var matrix = Tensor(zeros: [rows, columns])
    for i in 0..<rows {
      for j in 0..<columns {
        let hash = sin(Double(i) * 12.9898 + Double(j) * 78.233) * 43758.5453
        var sum = amplitude * (hash - hash.rounded(.down) - 0.5)
        for k in 0..<rank {
          let (order, row, column) = (Double(k), Double(i), Double(j))
          sum +=
            cos((order + 1) * 0.7 * row + order) * sin((order + 2) * 0.3 * column + 0.5 * order) / (order + 1)
        }
        matrix.values[i * columns + j] = Float(sum)
      }
    }
    return matrix
  }

  /// Ranks and variances are those of van den Bogaard's Python implementation with a fine grid in place of
  /// its minimizer.
  @Test(
    "ranks and noise are those of an independent implementation",
    arguments: [
      (12, 30, 3, 0.3, 3, 0.00791864932352987), (12, 30, 3, 2.0, 1, 0.37810340808891685),
      (20, 20, 5, 0.5, 5, 0.02312299454963574), (16, 144, 8, 1.0, 4, 0.10302092713716623),
      (8, 8, 0, 1.0, 0, 0.09841288915736504), (30, 32, 4, 0.05, 4, 0.00020297508836678295),
    ])
  func python(
    rows: Int, columns: Int, rank: Int, amplitude: Double, expected: Int, variance: Double
  ) throws {
    let matrix = matrix(rows, columns, rank: rank, amplitude: amplitude)
    let found = try matrix.svd().bayesianRank()
    #expect(found.rank == expected)
    #expect(abs(found.noiseVariance - variance) < 1e-3 * variance)
    // The rank of the transpose is the same.
    let transposed = try matrix.exchangingLeadingAxes().svd().bayesianRank()
    #expect(transposed.rank == expected)
    #expect(abs(transposed.noiseVariance - found.noiseVariance) < 1e-6 * found.noiseVariance)
  }

  @Test("without noise it is the rank that the matrix has", arguments: [1, 3, 6])
  func exact(rank: Int) throws {
    let found = try matrix(20, 30, rank: rank, amplitude: 0).svd().bayesianRank()
    #expect(found.rank == rank)
  }

  @Test("a matrix of zeros has rank 0, one number rank 0 or 1")
  func trivial() throws {
    let zeros = try Tensor(zeros: [3, 4]).svd().bayesianRank()
    #expect(zeros.rank == 0 && zeros.noiseVariance == 0)
    #expect(try Tensor([5], shape: [1, 1]).svd().bayesianRank().rank <= 1)
  }
}
