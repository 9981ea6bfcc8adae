import Execution
import Graphs
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@testable import Integers

@Suite("Fast integer kernels")
struct ByteKernelTests {
  /// The instruction sets of this machine.
  static let instructions = IntegerBackend.Instructions.allCases.filter {
    $0.rawValue <= IntegerBackend.Instructions.best.rawValue
  }

  /// The names of stored values that differ from the reference, over all images.
  private func differences(
    _ graph: Graph, batch: Int = 5, threads: Int = 1, _ instructions: IntegerBackend.Instructions
  ) throws -> [String] {
    let images = graph.inputs.enumerated().flatMap { index, input in
      Tensor(random: Shape([batch] + input.shape.dimensions), in: -3...4, seed: UInt64(index), "images")
        .values
    }
    let quantized = try graph.quantized(calibratedOn: images, batch: batch)
    let program = try IntegerProgram(quantized)
    let plan = try IntegerBackend(instructions).compile(
      quantized,
      PlanOptions(batch: batch, mode: .inference, threads: threads, taps: program.values.map(\.name)))
    plan.forward(images.span, key: 0)
    var wrong: [String] = []
    for image in 0..<batch {
      var start = 0
      let inputs = program.inputs.map { index in
        let value = program.values[index]
        defer { start += batch * value.shape.count }
        let first = start + image * value.shape.count
        return images[first..<(first + value.shape.count)].map { value.integer($0) }
      }
      for (value, expected) in zip(program.values, program.values(of: inputs)) {
        let numbers = try plan.numbers(value.name)
        let found = numbers[(image * expected.count)..<((image + 1) * expected.count)]
        if Array(found) != expected.map(value.number) { wrong.append("\(value.name) of image \(image)") }
      }
    }
    return wrong
  }

  @Test(
    "Every op's bytes are the reference's, on every example", arguments: OpCase.withIntegers, instructions)
  func ops(example: OpCase, instructions: IntegerBackend.Instructions) throws {
    guard !(example.op is Softmax) else { return }
    #expect(try differences(try example.graph(), instructions) == [])
  }

  @Test("So are those of every small network", arguments: SmallGraph.allCases, instructions)
  func networks(network: SmallGraph, instructions: IntegerBackend.Instructions) throws {
    #expect(try differences(try network.graph(), batch: 7, threads: 2, instructions) == [])
  }

  /// A convolution of random geometry: odd channels, groups, strides, paddings, dilations.
  private func convolution(_ number: Int) throws -> Graph {
    var random = SeededRandom(seed: 8, purpose: "convolutions", number)
    let groups = [1, 1, 1, 2, 3][random.below(5)]
    let isDepthwise = random.below(4) == 0
    let channels = isDepthwise ? 1 + random.below(40) : groups * (1 + random.below(19))
    let op = Conv2D(
      filters: isDepthwise ? channels : groups * (1 + random.below(40)),
      kernel: Extent(1 + random.below(5), 1 + random.below(5)),
      stride: Extent(1 + random.below(3), 1 + random.below(3)),
      padding: Extent(random.below(4), random.below(4)),
      dilation: Extent(1 + random.below(2), 1 + random.below(2)), groups: isDepthwise ? channels : groups,
      bias: random.below(2) == 0)
    let side = { (kernel: Int, dilation: Int) in (kernel - 1) * dilation + 1 + random.below(9) }
    let height = side(op.kernel.height, op.dilation.height)
    let width = side(op.kernel.width, op.dilation.width)
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [channels, height, width])])
    try graph.append(op, name: "conv", inputs: ["image"])
    if random.below(2) == 0 { try graph.append(ReLU(), name: "relu", inputs: ["conv"]) }
    graph.outputs = [graph.nodes.last?.name ?? ""]
    graph.scatterParameters(seed: UInt64(number))
    return graph
  }

  @Test("A hundred convolutions of odd geometry are byte for byte the reference's", arguments: instructions)
  func convolutions(instructions: IntegerBackend.Instructions) throws {
    for number in 0..<100 {
      let graph = try convolution(number)
      #expect(
        try differences(graph, batch: 3, instructions) == [],
        "\(graph.nodes[0].op.settingsNode.canonicalJSON)")
    }
  }

  @Test("Layers of every width from 1 to 70 are the reference's", arguments: instructions)
  func widths(instructions: IntegerBackend.Instructions) throws {
    for features in 1...70 {
      var graph = Graph(inputs: [GraphInput(name: "x", shape: [(features * 37) % 71 + 1])])
      try graph.append(Linear(features: features), name: "y", inputs: ["x"])
      graph.outputs = ["y"]
      graph.scatterParameters(seed: 3)
      #expect(try differences(graph, batch: features % 19 + 1, instructions) == [], "\(features) features")
    }
  }

  @Test("The batch and the number of threads change nothing")
  func splits() throws {
    let graph = try SmallGraph.residual.graph()
    for (batch, threads) in [(1, 1), (1, 4), (2, 3), (33, 1), (40, 2), (129, 3)] {
      #expect(try differences(graph, batch: batch, threads: threads, .best) == [], "\(batch) by \(threads)")
    }
  }

  @Test("Windows far outside of a small image run the reference, without taking their memory")
  func hugePadding() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 2, 2])])
    let op = Conv2D(filters: 1, kernel: 2, stride: 65_000, padding: 65_000)
    try graph.append(op, name: "conv", inputs: ["image"])
    graph.outputs = ["conv"]
    graph.scatterParameters(seed: 1)
    #expect(try differences(graph, .best) == [])
    let images = [Float](repeating: 1, count: 4)
    let plan = try IntegerBackend().compile(
      try graph.quantized(calibratedOn: images, batch: 1), PlanOptions(batch: 1, mode: .inference))
    #expect(plan.kernels.map(\.implementation) == ["reference:convolution"])
  }
}
