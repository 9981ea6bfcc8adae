import Runs
import Testing

@Suite("Rank correlations")
struct RankCorrelationTests {
  @Test("Values of SciPy's documentation, with ties")
  func published() throws {
    let tau = try #require(RankCorrelation.kendall([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]))
    #expect(abs(tau - -0.471_404_520_791_031_73) < 1e-12)
    let rho = try #require(RankCorrelation.spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]))
    #expect(abs(rho - 0.820_782_681_668_123_3) < 1e-12)
  }

  @Test("Equal orders correlate by 1, opposite ones by -1; a constant has no order")
  func extremes() {
    let (rising, falling) = ([1.0, 2, 5, 9], [4.0, 3, 2, -1])
    #expect(RankCorrelation.kendall(rising, rising) == 1 && RankCorrelation.spearman(rising, rising) == 1)
    #expect(RankCorrelation.kendall(rising, falling) == -1 && RankCorrelation.spearman(rising, falling) == -1)
    for values in [[], [1.0], [2, 2, 2]] {
      #expect(
        RankCorrelation.kendall(values, values) == nil && RankCorrelation.spearman(values, values) == nil)
    }
  }
}
