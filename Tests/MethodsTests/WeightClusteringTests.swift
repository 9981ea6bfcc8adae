import Encodings
import Graphs
import Methods
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@Suite("Codebooks for layers")
struct WeightClusteringTests {
  private func clustered(_ graph: Graph, bits: Int) throws -> Graph {
    var method = WeightClustering()
    method.convolutionBits = bits
    method.linearBits = bits
    var compression = Compression(method, graph: graph)
    return try method.compress(&compression).graph
  }

  @Test(
    "A layer holds at most 2^bits numbers, each the mean of the weights it replaced", arguments: [1, 2, 3])
  func numbers(bits: Int) throws {
    let original = try SmallGraph.lenet.graph()
    let graph = try clustered(original, bits: bits)
    try graph.verify()
    for name in ["conv2.weight", "hidden.weight"] {
      let before = try #require(original.parameters[name]).value.values
      let parameter = try #require(graph.parameters[name])
      #expect(parameter.encoding is Codebook)
      #expect(parameter.projected == parameter.value)
      let after = parameter.value.values
      #expect(Set(after).count <= 1 << bits && Set(after).count > 1)
      for number in Set(after) {
        let members = before.indices.filter { after[$0] == number }.map { Double(before[$0]) }
        #expect(abs(members.reduce(0, +) / Double(members.count) - Double(number)) < 1e-6)
      }
    }
  }

  @Test("Pruned weights stay zero and take no part")
  func masks() throws {
    var original = try SmallGraph.lenet.graph()
    let value = try #require(original.parameters["hidden.weight"]).value
    let mask = Mask(value.values.indices.map { $0 % 4 == 0 })
    original.parameters["hidden.weight"] = Parameter(value, encoding: Sparse(mask: mask))
    let parameter = try #require(try clustered(original, bits: 2).parameters["hidden.weight"])
    let sparse = try #require(parameter.encoding as? Sparse)
    #expect(sparse.inner is Codebook && sparse.mask == mask && sparse.bits == 2)
    let values = parameter.projected.values
    for (index, value) in values.enumerated() { #expect((value == 0) == !mask[index]) }
    #expect(Set(values).count == 4)
    let survivors = value.values.indices.filter { $0 % 4 == 0 }.map { value.values[$0] }
    let before = survivors.reduce(0) { $0 + Double($1) }
    let after = values.reduce(0) { $0 + Double($1) }
    #expect(abs(before - after) < 1e-4)
  }

  @Test("A layer too small for its codebook is left alone, and says why")
  func applicability() throws {
    let graph = try SmallGraph.lenet.graph()
    let method = WeightClustering()
    let conv = try #require(graph.node(named: "conv1"))
    #expect(method.applicability(to: conv, in: graph) != .applicable)
    guard case .notApplicable(let reason) = method.applicability(to: conv, in: graph) else { return }
    #expect(reason == "a codebook of 256 numbers takes no fewer bytes than its 100 weights")
    let relu = try #require(graph.node(named: "relu1"))
    #expect(method.applicability(to: relu, in: graph) == .notApplicable(reason: "it has no weights to share"))
    #expect(errorMessage { _ = try clustered(graph, bits: 12) }.contains("changes nothing"))
  }

  @Test("Strength never makes a student larger")
  func strength() throws {
    let path = try #require(WeightClustering.strength)
    var method = WeightClustering()
    var last = (32, 32)
    for step in 0...40 {
      method[keyPath: path] = Double(step) / 40
      #expect(method.linearBits <= last.0 && method.convolutionBits <= last.1)
      #expect(method.linearBits >= 1)
      last = (method.linearBits, method.convolutionBits)
    }
    #expect(last == (1, 4))
  }

  @Test(
    "By the Fisher information a number is the weighted mean of its weights, within masks too",
    arguments: [false, true])
  func importance(isMasked: Bool) throws {
    var original = try SmallGraph.lenet.graph()
    let value = try #require(original.parameters["hidden.weight"]).value
    let mask = Mask(value.values.indices.map { !isMasked || $0 % 3 > 0 })
    if isMasked { original.parameters["hidden.weight"] = Parameter(value, encoding: Sparse(mask: mask)) }
    let evidence = KnownGradients(original)
    var method = WeightClustering()
    (method.convolutionBits, method.linearBits) = (2, 2)
    method.importance.rule = .fisher
    #expect(method.evidence == [.imageGradients])
    var compression = Compression(method, graph: original, evidence: evidence)
    let graph = try method.compress(&compression).graph
    let gradient = try #require(evidence.gradients["hidden.weight"]).values
    let fisher = gradient.map { Double($0) * Double($0) }
    let floor = 0.01 * fisher.reduce(0, +) / Double(fisher.count)
    let after = try #require(graph.parameters["hidden.weight"]).projected.values
    for number in Set(after) where number != 0 {
      let members = after.indices.filter { after[$0] == number }
      let weights = members.map { fisher[$0] + floor }
      let mean =
        zip(members, weights).reduce(0) { $0 + $1.1 * Double(value.values[$1.0]) } / weights.reduce(0, +)
      #expect(abs(mean - Double(number)) < 1e-5)
      let plain = members.reduce(0) { $0 + Double(value.values[$1]) } / Double(members.count)
      if members.count > 1 { #expect(abs(plain - Double(number)) > 1e-5) }
      for member in members {
        let nearest =
          Set(after).subtracting(isMasked ? [0] : []).map { abs($0 - value.values[member]) }.min() ?? 0
        #expect(abs(number - value.values[member]) <= nearest + 1e-6)
      }
    }
    for (index, number) in after.enumerated() { #expect((number == 0) == !mask[index]) }
  }

  @Test("Settings of before are written as before")
  func settings() throws {
    #expect(WeightClustering().node.compactJSON == #"{"convolutionBits":8,"linearBits":5}"#)
    var method = WeightClustering()
    method.start = .density
    method.importance.rule = .hessian
    #expect(
      method.node.compactJSON
        == #"{"convolutionBits":8,"linearBits":5,"start":"density","importance":"hessian"}"#)
  }
}

/// Evidence with made-up gradients of two images that differ only in their sign.
struct KnownGradients: Evidence {
  let gradients: [String: Tensor]

  /// Creates gradients that differ by factors of up to a hundred; those of the named layer are larger still.
  init(_ graph: Graph, larger: (name: String, factor: Float)? = nil) {
    gradients = Dictionary(
      uniqueKeysWithValues: graph.parameters.map { name, parameter in
        var tensor = Tensor(random: parameter.value.shape, in: 0.01...1, seed: 3, name)
        if let larger, larger.name == name {
          for i in tensor.values.indices { tensor.values[i] *= larger.factor }
        }
        return (name, tensor)
      })
  }

  func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws { body(gradients) }
  func forEachImageGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    body(gradients)
    body(gradients.mapValues { Tensor($0.values.map { -$0 }, shape: $0.shape) })
  }
  func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {}
}
