import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("ADMM")
struct ADMMTests {
  /// Minimizes Σ h/2·(w - c)² plus the pull exactly: `w = (h·c + rho·T)/(h + rho)`.
  private func minimize(_ row: inout OneRow, _ h: [Float], _ c: [Float]) {
    guard let pull = row.parameter.encoding as? Attracted else {
      row.masters = row.parameter.survivors.indices.map { row.parameter.survivors[$0] ? c[$0] : 0 }
      return
    }
    let rho = pull.strength[0]
    row.masters = c.indices.map { (h[$0] * c[$0] + rho * pull.target[$0]) / (h[$0] + rho) }
  }

  @Test("On a quadratic loss it converges to the best sparse solution, where magnitude takes the wrong one")
  func best() throws {
    // The loss is 5 without the first weight, 0.2 without the second and 0.0005 without the third, so the
    // first two stay; by magnitude the second and third would stay.
    let (h, c): ([Float], [Float]) = ([10, 0.1, 0.001], [1, 2, 1.5])
    let loss = { (w: [Float]) in
      w.indices.reduce(Float(0)) { $0 + h[$1] / 2 * (w[$1] - c[$1]) * (w[$1] - c[$1]) }
    }
    let original = try OneRow(c)
    let method = ADMMPruning(sparsity: 0.34, rho: 0.5)
    var row = original
    for step in 1...39 {
      try row.apply(method, of: original, at: Double(step) / 40)
      minimize(&row, h, c)
    }
    // The weights are near the solution before any is masked.
    #expect(zip(row.masters, [1, 2, 0] as [Float]).allSatisfy { abs($0 - $1) < 0.02 }, "\(row.masters)")
    try row.apply(method, of: original, at: 1)
    #expect(row.parameter.encoding.isEqual(to: Sparse(mask: Mask([true, true, false]))))
    minimize(&row, h, c)
    var least = Float.infinity
    for gone in c.indices {
      var w = c
      w[gone] = 0
      least = min(least, loss(w))
    }
    #expect(loss(row.seen) == least)
    var magnitude = original
    try magnitude.apply(MagnitudePruning(sparsity: 0.34), of: original, at: 1)
    #expect(magnitude.seen[0] == 0)
  }

  @Test("U adds up, is scaled with rho, and the target is Z - U")
  func steps() throws {
    let original = try OneRow([4, 1])
    var method = ADMMPruning(sparsity: 0.5, rho: 0.25)
    method.growth = 16
    var row = original
    try row.apply(method, of: original, at: 0.25)
    // rho = 0.25·16^0.25; Z = (4, 0), U = 0.
    #expect(row.parameter.encoding.isEqual(to: Attracted(to: [4, 0], strength: [0.5])))
    #expect(row.seen == [4, 1])
    row.masters = [5, 0.5]
    try row.apply(method, of: original, at: 0.75)
    // rho = 2, so U is scaled by 0.5/2 = 1/4: U = (1, 0.5)/4, W + U = (5.25, 0.625), Z = (5.25, 0), T = Z - U
    // = (5, -0.125).
    #expect(row.parameter.encoding.isEqual(to: Attracted(to: [5, -0.125], strength: [2])))
  }

  @Test("The projection takes a share of each layer, or of all; masks of before and whole blocks are kept")
  func projections() throws {
    let graph = try SmallGraph.lenet.graph()
    for scope in [UniformAllocation(), GlobalRanking()] as [any Allocation] {
      let method = ADMMPruning(sparsity: 0.6, scope: scope, rho: 1)
      var compression = Compression(method, graph: graph, of: graph, progress: 0.5)
      let pulled = try method.compress(&compression).graph
      let pruned = try compressed(graph, by: MagnitudePruning(sparsity: 0.6, scope: scope)).graph
      for (name, parameter) in graph.parameters where name.hasSuffix(".weight") {
        let pull = try #require(pulled.parameters[name]?.encoding as? Attracted)
        #expect(pull.target == pruned.parameters[name]?.projected.values)
        #expect(pulled.parameters[name]?.value == parameter.value)
      }
    }
    var masked = try OneRow([3, 2, 1, 4])
    masked.graph.parameters[OneRow.weight] = masked.parameter.masked(by: [true, true, true, false])
    let original = masked
    try masked.apply(ADMMPruning(sparsity: 0.5, rho: 1), of: original, at: 0.5)
    #expect(
      masked.parameter.encoding.isEqual(
        to: Attracted(
          to: [3, 2, 0, 0], strength: [1], inner: Sparse(mask: Mask([true, true, true, false])))))
  }
}
