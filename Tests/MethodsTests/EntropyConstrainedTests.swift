import Encodings
import Foundation
import Graphs
import Settings
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Shared numbers by the entropy of their indices")
struct EntropyConstrainedTests {
  /// The weighted squared error and the bits of an assignment with its best centroids, by the formulas.
  private func cost(_ values: [Float], _ weights: [Double], _ clusters: [Int]) -> (
    error: Double, bits: Double
  ) {
    var (error, bits) = (0.0, 0.0)
    for cluster in Set(clusters) {
      let members = clusters.indices.filter { clusters[$0] == cluster }
      let mean =
        members.reduce(0) { $0 + weights[$1] * Double(values[$1]) } / members.reduce(0) { $0 + weights[$1] }
      error += members.reduce(0) { $0 + weights[$1] * pow(Double(values[$1]) - mean, 2) }
      bits -= Double(members.count) * log2(Double(members.count) / Double(clusters.count))
    }
    return (error, bits)
  }

  @Test(
    "No assignment at all costs less than the optimum, which is found by trying all, and most are it or near")
  func bruteForce() {
    var excess: [Double] = []
    for seed in 0..<18 {
      let values = Tensor(random: [8], seed: UInt64(seed), "values").values
      let weights = Tensor(random: [8], in: 0.1...2, seed: UInt64(seed), "weights").values.map(Double.init)
      let lambda = [0.003, 0.02, 0.1][seed % 3]
      var optimum = Double.infinity
      for code in 0..<6561 {
        var rest = code
        let clusters = (0..<8).map { _ in
          defer { rest /= 3 }
          return rest % 3
        }
        let found = cost(values, weights, clusters)
        optimum = min(optimum, found.error + lambda * found.bits)
      }
      let solution = EntropyProblem(values, weights: weights).solution(count: 3, lambda: lambda)
      let found = cost(values, weights, solution.clusters)
      #expect(abs(found.error - solution.distortion) < 1e-6 && abs(found.bits - solution.bits) < 1e-9)
      let total = found.error + lambda * found.bits
      #expect(total >= optimum - 1e-9)
      excess.append(total / optimum - 1)
    }
    // Lloyd's iterations end in the nearest local minimum.
    #expect(excess.count { $0 < 1e-6 } >= 6 && excess.sorted()[9] < 0.1, "\(excess)")
  }

  @Test("Where bits cost nothing it is k-means; where they cost much, one number is left")
  func extremes() {
    let values = Tensor(random: [300], seed: 4).values
    let problem = EntropyProblem(values, weights: values.map { _ in 1 })
    let free = problem.solution(count: 8, lambda: 0)
    let means = LinearKMeans(values, count: 8)
    #expect(zip(free.centroids, means.centroids).allSatisfy { abs($0 - $1) < 1e-3 })
    let dear = problem.solution(count: 8, lambda: 1e3)
    #expect(dear.centroids.count == 1 && dear.bits == 0)
    #expect(abs(Double(dear.centroids[0]) - values.reduce(0) { $0 + Double($1) } / 300) < 1e-6)
  }

  private func compressed<M: CompressionMethod>(
    _ method: M, _ graph: Graph, evidence: any Evidence = NoEvidence()
  ) throws -> Graph {
    var compression = Compression(method, graph: graph, evidence: evidence)
    return try method.compress(&compression).graph
  }

  /// The mean squared error of the weights and their bytes in a file with Huffman codes.
  private func figures(_ graph: Graph, _ original: Graph) throws -> (error: Double, bytes: Int) {
    let name = "logits.weight"
    let after = try #require(graph.parameters[name]).projected.values
    let before = try #require(original.parameters[name]).value.values
    let error =
      zip(after, before).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) } / Double(after.count)
    let model = Model(
      graph: graph, classes: (0..<100).map(String.init),
      input: InputDescription(shape: [1, 10, 20], mean: [0], deviation: [1]),
      split: SettingsNode(mapping: [:]), provenance: SettingsNode(mapping: [:]))
    let sizes = try StudentFile.tensorSizes(of: model, coded: true)
    let size = try #require(sizes.first { $0.name == name })
    return (error, size.bytes)
  }

  @Test(
    "At the error of k-means the Huffman-coded weights take fewer bytes",
    arguments: [(3, 0.97), (4, 0.97), (5, 0.985)])
  func smallerThanMeans(bits: Int, share: Double) throws {
    let original = try peakedLayer()
    var clustering = WeightClustering()
    clustering.linearBits = bits
    let means = try figures(try compressed(clustering, original), original)
    var method = EntropyConstrained()
    var (lower, upper) = (0.5, 6.0)
    for _ in 0..<8 {
      method.bitsPerWeight = (lower + upper) / 2
      let found = try figures(try compressed(method, original), original)
      if found.error > means.error { lower = method.bitsPerWeight } else { upper = method.bitsPerWeight }
    }
    method.bitsPerWeight = upper
    let entropy = try figures(try compressed(method, original), original)
    #expect(entropy.error <= means.error)
    #expect(
      Double(entropy.bytes) < share * Double(means.bytes),
      "\(entropy.bytes) bytes at \(entropy.error), k-means \(means.bytes) at \(means.error)")
  }

  private func entropy(_ parameter: Parameter?) throws -> (bits: Double, count: Int) {
    let values = try #require(parameter).projected.values.filter { $0 != 0 }
    let counts = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +).values
    let total = Double(values.count)
    return (counts.reduce(0) { $0 - Double($1) * log2(Double($1) / total) }, values.count)
  }

  @Test("Indices have the entropy that is asked for, over all layers together", arguments: [1.0, 2, 3])
  func target(bits: Double) throws {
    var method = EntropyConstrained()
    (method.bitsPerWeight, method.bits) = (bits, 4)
    let graph = try compressed(method, try SmallGraph.lenet.graph())
    let names = graph.parameters.keys.filter { $0.hasSuffix(".weight") }
    let found = try names.map { try entropy(graph.parameters[$0]) }
    let mean = found.reduce(0) { $0 + $1.bits } / Double(found.reduce(0) { $0 + $1.count })
    #expect(names.allSatisfy { graph.parameters[$0]?.encoding is Codebook })
    #expect(mean <= bits && mean > 0.9 * bits, "\(mean)")
  }

  @Test(
    "A layer whose curvature is a thousand times another's gets more bits than without; pruned weights stay zero"
  )
  func importance() throws {
    var original = try SmallGraph.lenet.graph()
    let value = try #require(original.parameters["hidden.weight"]).value
    let mask = Mask(value.values.indices.map { $0 % 4 > 0 })
    original.parameters["hidden.weight"] = Parameter(value, encoding: Sparse(mask: mask))
    var method = EntropyConstrained()
    (method.bitsPerWeight, method.bits) = (2, 4)
    let plain = try entropy(try compressed(method, original).parameters["hidden.weight"])
    (method.importance.rule, method.errors) = (.fisher, .absolute)
    let evidence = KnownGradients(original, larger: (name: "hidden.weight", factor: 30))
    let graph = try compressed(method, original, evidence: evidence)
    let weighted = try entropy(graph.parameters["hidden.weight"])
    #expect(weighted.bits > plain.bits + 0.2 * Double(plain.count))
    // Errors relative to those of the layer do not depend on a factor of the layer.
    method.errors = .relative
    let relative = try compressed(method, original, evidence: evidence)
    let even = KnownGradients(original, larger: (name: "hidden.weight", factor: 3))
    let scaled = try compressed(method, original, evidence: even)
    let bits = try [relative, scaled].map { try entropy($0.parameters["hidden.weight"]).bits }
    #expect(abs(bits[0] - bits[1]) < 0.02 * bits[0])
    let parameter = try #require(graph.parameters["hidden.weight"])
    #expect((parameter.encoding as? Sparse)?.inner is Codebook)
    for (index, number) in parameter.projected.values.enumerated() { #expect((number == 0) == !mask[index]) }
  }
}
