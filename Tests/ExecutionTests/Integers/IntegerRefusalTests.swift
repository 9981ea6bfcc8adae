import Encodings
import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@Suite("What cannot be an integer program")
struct IntegerRefusalTests {
  private func refusal(_ change: (inout Graph) throws -> Void) throws -> String {
    let original = try SmallGraph.lenet.graph()
    let images = Tensor(random: [4, 1, 14, 14], seed: 1, "images").values
    var graph = try original.quantized(calibratedOn: images, batch: 4)
    try change(&graph)
    return errorMessage { _ = try IntegerProgram(graph) }
  }

  @Test("Without a change it is one")
  func accepted() throws { #expect(try refusal { _ in } == "nothing thrown") }

  @Test("Real or wide values and weights are refused by name")
  func encodings() throws {
    #expect(try refusal { $0.values = [:] } == "image: its values are real; quantize the whole network")
    #expect(
      try refusal { $0.values["relu2"] = nil } == "relu2: its values are real; quantize the whole network")
    #expect(
      try refusal { $0.values["relu2"] = IntegerValue(bits: 9, scale: 1, zeroPoint: 0) }
        == "relu2: its values have 9 bits, more than 8")
    #expect(
      try refusal { $0.parameters["conv2.weight"]?.encoding = Dense() }
        == "conv2: its weights are stored as dense, not as integers; quantize this layer too")
    #expect(
      try refusal { $0.parameters["conv2.weight"]?.encoding = Integer(bits: 9, scales: [1]) }
        == "conv2: its weights have 9 bits, more than 8")
    #expect(
      try refusal {
        $0.parameters["conv1.weight"]?.encoding = Sparse(mask: Mask((0..<100).map { $0 % 2 == 0 }))
      } == "conv1: its surviving weights are stored as dense, not as integers; quantize this layer too")
    #expect(
      try refusal {
        $0.parameters["conv1.weight"]?.encoding = Codebook(
          assignments: Array(repeating: 0, count: 100), count: 1, hasZero: false)
      } == "conv1: its weights share real numbers, not integers; quantize this layer too")
    #expect(
      try refusal { $0.values["flat"] = IntegerValue(scale: 1, zeroPoint: 0) }
        == "flat: its encoding differs from that of pool2, whose numbers it hands on")
  }

  @Test("Sums and outputs beyond 2^30 are refused, biases that are too large too")
  func ranges() throws {
    #expect(
      try refusal {
        $0.parameters["conv2.bias"] = Parameter(Tensor(repeating: 1e30, shape: [6]))
      }.hasPrefix("conv2: its sums may reach "))
    #expect(
      try refusal { $0.values["relu2"] = IntegerValue(scale: 1e-30, zeroPoint: 0) }
        .hasPrefix("conv2: its outputs may reach "))
    #expect(
      try refusal { $0.values["pool2"] = IntegerValue(scale: 1e-30, zeroPoint: 0) }
        .hasPrefix("pool2: its outputs may reach "))
  }

  @Test("Values and scales that no reader lets through are refused as well")
  func hostile() throws {
    for scale in [0, -1, .nan, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude] as [Float] {
      #expect(
        try refusal { $0.values["relu2"] = IntegerValue(scale: scale, zeroPoint: 0) }.contains("relu2"))
    }
    #expect(try refusal { $0.values["relu2"] = IntegerValue(scale: 1, zeroPoint: 200) }.contains("relu2"))
    #expect(try refusal { $0.parameters["conv2.bias"]?.value.values[0] = .nan }.contains("conv2.bias"))
  }

  @Test("The widest and the narrowest scales that readers let through neither trap nor overflow")
  func extremes() throws {
    let least = Float.leastNormalMagnitude
    let greatest = Float(0x1p118)
    for input in [least, 1, greatest] {
      for weight in [least, 1, greatest] {
        for output in [least, 1, greatest] {
          _ = try refusal {
            $0.values["image"] = IntegerValue(scale: input, zeroPoint: -128)
            $0.parameters["conv1.weight"]?.encoding = Integer(bits: 8, scales: [weight])
            for name in ["conv1", "pool1"] { $0.values[name] = IntegerValue(scale: output, zeroPoint: 127) }
          }
        }
      }
    }
  }

  @Test("A softmax within a network, and ops without a kernel, are refused before any training")
  func ops() throws {
    var graph = try SmallGraph.lenet.graph()
    #expect(IntegerProgram.refusal(of: graph) == nil)
    try graph.append(Softmax(), name: "soft", inputs: ["logits"])
    #expect(IntegerProgram.refusal(of: graph) == nil)
    try graph.append(Linear(features: 2), name: "after", inputs: ["soft"])
    let expected = ExecutionError.unsupported(
      node: "soft", reason: "softmax is left to the host and must come last, but after reads it")
    #expect(IntegerProgram.refusal(of: graph) == expected)
  }
}
