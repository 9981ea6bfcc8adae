import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Product quantization of layers")
struct ProductQuantizationTests {
  private func squared(_ number: Double) -> Double { number * number }

  private func error(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + squared(Double($1.0) - Double($1.1)) }
  }

  @Test("Far apart vectors are found, elements without weight tell nothing of them")
  func means() {
    // Three distinct points, and a coordinate that does not count.
    let places: [[Float]] = [[0, 0], [10, 0], [0, 10]]
    let noise = Tensor(random: [60], in: -1...1, seed: 1).values
    let vectors = (0..<30).map { index -> [Float] in
      let place = places[index % 3]
      return [place[0] + noise[2 * index], place[1] + noise[2 * index + 1], Float(index * 100)]
    }
    for seed in 0..<5 {
      var random = SeededRandom(seed: UInt64(seed), purpose: "means")
      let found = VectorKMeans(
        vectors.flatMap { $0 }, weights: vectors.flatMap { _ in [1, 1, 0] }, width: 3, count: 3,
        random: &random)
      #expect(found.count == 3)
      var error = 0.0
      for place in 0..<3 {
        let members = vectors.indices.filter { $0 % 3 == place }
        #expect(Set(members.map { found.clusters[$0] }).count == 1)
        for coordinate in 0..<2 {
          let mean = members.reduce(0) { $0 + Double(vectors[$1][coordinate]) } / 10
          #expect(abs(Double(found.centroids[found.clusters[place] * 3 + coordinate]) - mean) < 1e-5)
          for member in members { error += squared(Double(vectors[member][coordinate]) - mean) }
        }
      }
      #expect(abs(found.error - error) < 1e-3 * error)
    }
  }

  @Test("Weights of elements move centroids to weighted means; equal vectors make no clusters of their own")
  func weighted() {
    var random = SeededRandom(seed: 1, purpose: "means")
    let one = VectorKMeans([1, 5, 3, 9], weights: [3, 1, 1, 1], width: 2, count: 1, random: &random)
    // The weighted means are (3·1 + 3)/4 and (5 + 9)/2.
    #expect(one.centroids == [1.5, 7])
    let equal = VectorKMeans(
      [1, 2, 1, 2, 1, 2], weights: Array(repeating: 1, count: 6), width: 2, count: 3, random: &random)
    #expect(equal.count == 1 && equal.error == 0)
  }

  private func compressed(_ graph: Graph, _ change: (inout ProductQuantization) -> Void) throws -> Graph {
    var method = ProductQuantization()
    change(&method)
    var compression = Compression(method, graph: graph, random: SeededRandom(seed: 3, purpose: "test"))
    return try method.compress(&compression).graph
  }

  @Test("Kernels and neighbours share centroids, of the layer or of their place in a row")
  func layers() throws {
    let original = try SmallGraph.lenet.graph()
    let graph = try compressed(original) { ($0.bits, $0.width) = (3, 2) }
    try graph.verify()
    let kernels = try #require(graph.parameters["conv2.weight"])
    let encoding = try #require(kernels.encoding as? ProductCodebook)
    let shape = kernels.value.shape
    #expect(encoding.width == shape[2] * shape[3] && encoding.subspaces == shape[1])
    #expect(kernels.projected == kernels.value)
    let vectors = (0..<shape[0] * shape[1]).map {
      Array(kernels.value.values[$0 * encoding.width..<($0 + 1) * encoding.width])
    }
    #expect(Set(vectors).count > 4 && Set(vectors).count <= 6)
    let hidden = try #require(graph.parameters["hidden.weight"]?.encoding as? ProductCodebook)
    #expect(hidden.width == 2 && hidden.books == 1)
    let own = try compressed(original) { ($0.bits, $0.width, $0.codebooks) = (1, 2, .own) }
    let books = try #require(own.parameters["hidden.weight"]?.encoding as? ProductCodebook)
    #expect(books.books == books.subspaces && books.count == 2)
    let before = try #require(original.parameters["hidden.weight"]).value
    let after = try #require(own.parameters["hidden.weight"]).projected
    let energy = error(before.values, before.values.map { _ in 0 })
    let left = error(before.values, after.values)
    #expect(left < 0.8 * energy && left > 0)
  }

  @Test("A codebook has one centroid for four of its sub-vectors at most, whatever its bits")
  func smallLayers() throws {
    let original = try SmallGraph.lenet.graph()
    // conv2 has 24 kernels; hidden has 8 rows of 3 pairs.
    for (codebooks, most) in [(ProductQuantization.Codebooks.shared, 6), (.own, 2)] {
      let graph = try compressed(original) { ($0.bits, $0.width, $0.codebooks) = (8, 2, codebooks) }
      let hidden = try #require(graph.parameters["hidden.weight"])
      let encoding = try #require(hidden.encoding as? ProductCodebook)
      #expect(encoding.count == most)
      let count = hidden.value.values.count
      let streams = encoding.store(hidden.value).streams
      let bits = streams.reduce(0) { $0 + $1.bits * $1.symbols.count }
      #expect(bits == count / 2 * encoding.assignmentBits + 32 * 2 * most * encoding.books)
      #expect(bits < 32 * count)
    }
    let kernels = try compressed(original) { $0.bits = 8 }.parameters["conv2.weight"]
    #expect((kernels?.encoding as? ProductCodebook)?.count == 6)
  }

  @Test("More centroids leave less of an error, and single weights are k-means' own")
  func errors() throws {
    let original = try peakedLayer()
    let before = try #require(original.parameters["logits.weight"]).value.values
    let errors = try [2, 4, 6].map { bits -> Double in
      let graph = try compressed(original) { ($0.bits, $0.width) = (bits, 2) }
      let after = try #require(graph.parameters["logits.weight"]).projected.values
      return error(before, after)
    }
    #expect(errors[1] < 0.6 * errors[0] && errors[2] < 0.6 * errors[1], "\(errors)")
    let single = try compressed(original) { ($0.bits, $0.width) = (4, 1) }
    let values = try #require(single.parameters["logits.weight"]).projected.values
    let means = LinearKMeans(before, count: 16)
    let nearest = before.map { means.centroids[means.cluster(of: $0)] }
    #expect(error(before, values) < 1.3 * error(before, nearest))
  }

  @Test("What a mask leaves out has no part, and rows that cannot be cut are left with the reason")
  func masks() throws {
    var original = try SmallGraph.lenet.graph()
    let value = try #require(original.parameters["hidden.weight"]).value
    let mask = Mask(value.values.indices.map { $0 % 4 == 0 })
    original.parameters["hidden.weight"] = Parameter(value, encoding: Sparse(mask: mask))
    let graph = try compressed(original) { ($0.bits, $0.width) = (2, 2) }
    let parameter = try #require(graph.parameters["hidden.weight"])
    #expect((parameter.encoding as? Sparse)?.inner is ProductCodebook)
    // At most one of two neighbours survives, so there are as many numbers as centroids.
    let numbers = Set(parameter.projected.values)
    #expect(numbers.count <= 5 && numbers.count > 3)
    for (index, number) in parameter.projected.values.enumerated() { #expect((number == 0) == !mask[index]) }
    var method = ProductQuantization()
    method.width = 7
    let hidden = try #require(graph.node(named: "hidden"))
    guard case .notApplicable(let reason) = method.applicability(to: hidden, in: graph) else {
      Issue.record("rows of \(value.shape) were cut in sevens")
      return
    }
    #expect(reason.contains("no multiple of 7"))
  }
}
