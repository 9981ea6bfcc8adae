import Graphs
import LinearAlgebra
import Methods
import Ops
import Tensors
import TestSupport
import Testing

@Suite("tucker-2 and spatial-svd")
struct ConvolutionFactorTests {
  /// A network of one convolution with stride, padding and dilation, followed by a norm.
  private func network(
    _ conv: Conv2D = Conv2D(
      filters: 10, kernel: Extent(3, 2), stride: Extent(2, 1), padding: Extent(2, 1), dilation: 2),
    channels: Int = 8
  ) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [channels, 9, 8])])
    try graph.append(conv, name: "conv", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["conv"])
    graph.outputs = ["norm"]
    graph.scatterParameters(seed: 4)
    return graph
  }

  private func normal(_ shape: Shape, _ name: String) -> Tensor {
    var random = SeededRandom(seed: 6, purpose: name)
    return Tensor((0..<shape.count).map { _ in random.normal() }, shape: shape)
  }

  private func tucker(energy: Double = 0.9, keptRatio: Double? = nil, iterations: Int = 3) -> Tucker2 {
    var method = Tucker2()
    method.energy = energy
    method.keptRatio = keptRatio
    method.iterations = iterations
    return method
  }

  private func spatial(energy: Double = 0.9, keptRatio: Double? = nil) -> SpatialSVD {
    var method = SpatialSVD()
    method.energy = energy
    method.keptRatio = keptRatio
    return method
  }

  @Test("a kernel of multilinear rank (4, 3) is found to have it, and the network computes what it did")
  func tuckerExact() throws {
    var graph = try network()
    let values = kernel(
      expand: normal([10, 4], "expand"), core: normal([4, 3, 3, 2], "core"), reduce: normal([3, 8], "reduce"))
    graph.parameters["conv.weight"] = Parameter(Tensor(values, shape: [10, 8, 3, 2]))
    let smaller = try compressed(graph, by: tucker(energy: 0.999999)).graph
    #expect(smaller.nodes.map(\.name) == ["conv.reduce", "conv.core", "conv", "norm"])
    #expect(smaller.shape(of: "conv.reduce") == [1, 3, 9, 8])
    #expect(smaller.shape(of: "conv.core")?.dimensions.prefix(2) == [1, 4])
    #expect(smaller.parameterCount == graph.parameterCount - 480 + 8 * 3 + 6 * 3 * 4 + 4 * 10)
    #expect(relativeDistance(try graph.output("norm"), try smaller.output("norm")) < 1e-5)
  }

  @Test("the error is what the core lacks of the kernel's norm, and improving the bases never raises it")
  func tuckerTruncated() throws {
    let graph = try network()
    let weight = try #require(graph.parameters["conv.weight"]?.value)
    let whole = weight.values.reduce(0) { $0 + Double($1) * Double($1) }
    var errors: [Double] = []
    for iterations in [0, 1, 5] {
      let smaller = try compressed(graph, by: tucker(keptRatio: 0.4, iterations: iterations)).graph
      func parameter(_ name: String) throws -> Tensor {
        try #require(smaller.parameters["\(name).weight"]?.value)
      }
      let core = try parameter("conv.core")
      let values = kernel(expand: try parameter("conv"), core: core, reduce: try parameter("conv.reduce"))
      let error = squaredDistance(weight.values, values)
      let held = core.values.reduce(0) { $0 + Double($1) * Double($1) }
      #expect(abs(error - (whole - held)) < 1e-5 * whole)
      errors.append(error)
      #expect(smaller.parameterCount - 10 - 20 <= Int(0.4 * 480))
    }
    #expect(errors[1] <= errors[0] * (1 + 1e-6) && errors[2] <= errors[1] * (1 + 1e-6))
    #expect(errors[2] < errors[0])
  }

  @Test("an axis that keeps all its channels gets no 1x1 convolution")
  func tuckerOneAxis() throws {
    var graph = try network()
    // Rank 8 for 8 input channels, and rank 2 for 10 filters.
    let core = normal([2, 8, 3, 2], "core")
    let identity = Tensor((0..<64).map { $0 / 8 == $0 % 8 ? 1 : 0 }, shape: [8, 8])
    let values = kernel(expand: normal([10, 2], "expand"), core: core, reduce: identity)
    graph.parameters["conv.weight"] = Parameter(Tensor(values, shape: [10, 8, 3, 2]))
    let smaller = try compressed(graph, by: tucker(energy: 0.999999)).graph
    #expect(smaller.nodes.map(\.name) == ["conv.core", "conv", "norm"])
    #expect(relativeDistance(try graph.output("norm"), try smaller.output("norm")) < 1e-5)
  }

  @Test("few channels limit the rank of the other axis", arguments: [1, 2])
  func tuckerFewChannels(channels: Int) throws {
    let graph = try network(Conv2D(filters: 40, kernel: 2, padding: 1), channels: channels)
    let smaller = try compressed(graph, by: tucker(keptRatio: 0.9)).graph
    #expect(smaller.parameterCount < graph.parameterCount)
    #expect(try smaller.output("norm").allSatisfy(\.isFinite))
  }

  @Test("a kernel of spatial rank 3 is found to have it, and the network computes what it did")
  func spatialExact() throws {
    var graph = try network()
    let (vertical, horizontal) = (normal([3, 24], "vertical"), normal([3, 20], "horizontal"))
    var weight = Tensor(zeros: [10, 8, 3, 2])
    for index in weight.values.indices {
      let (filter, channel, row, column) = (index / 48, index / 6 % 8, index / 2 % 3, index % 2)
      weight.values[index] = (0..<3).reduce(0) {
        $0 + vertical.values[$1 * 24 + channel * 3 + row] * horizontal.values[$1 * 20 + filter * 2 + column]
      }
    }
    graph.parameters["conv.weight"] = Parameter(weight)
    let smaller = try compressed(graph, by: spatial(energy: 0.999999)).graph
    #expect(smaller.nodes.map(\.name) == ["conv.reduce", "conv", "norm"])
    #expect(smaller.shape(of: "conv") == graph.shape(of: "conv"))
    #expect(smaller.parameterCount == graph.parameterCount - 480 + 3 * (8 * 3 + 10 * 2))
    #expect(relativeDistance(try graph.output("norm"), try smaller.output("norm")) < 1e-5)
  }

  @Test("dropping terms of spatial-svd leaves the energy that was asked for", arguments: [0.5, 0.8])
  func spatialTruncated(energy: Double) throws {
    let graph = try network()
    let smaller = try compressed(graph, by: spatial(energy: energy)).graph
    func parameter(_ name: String) throws -> Tensor {
      try #require(smaller.parameters["\(name).weight"]?.value)
    }
    let (vertical, horizontal) = (try parameter("conv.reduce"), try parameter("conv"))
    let rank = vertical.shape[0]
    let weight = try #require(graph.parameters["conv.weight"]?.value)
    func error(_ rank: Int) -> Double {
      weight.values.indices.reduce(0) { sum, index in
        let (filter, channel, row, column) = (index / 48, index / 6 % 8, index / 2 % 3, index % 2)
        let value = (0..<rank).reduce(Float(0)) {
          $0 + vertical.values[$1 * 24 + channel * 3 + row]
            * horizontal.values[(filter * vertical.shape[0] + $1) * 2 + column]
        }
        let difference = Double(value - weight.values[index])
        return sum + difference * difference
      }
    }
    let whole = error(0)
    #expect(error(rank) <= (1 - energy) * whole)
    #expect(error(rank - 1) > (1 - energy) * whole)
  }

  @Test("groups, 1x1 and one-row kernels are refused with the reason")
  func applicability() throws {
    func applicability(_ conv: Conv2D) throws -> [Applicability] {
      let graph = try network(conv)
      let node = try #require(graph.node(named: "conv"))
      return [Tucker2().applicability(to: node, in: graph), SpatialSVD().applicability(to: node, in: graph)]
    }
    let groups = Applicability.notApplicable(reason: "it is a convolution of 8 groups")
    #expect(try applicability(Conv2D(filters: 8, kernel: 3, groups: 8)) == [groups, groups])
    #expect(
      try applicability(Conv2D(filters: 8, kernel: 1)) == [
        .notApplicable(reason: "its kernel is 1x1"),
        .notApplicable(reason: "its kernel of 1x1 has one row or one column"),
      ])
    #expect(
      try applicability(Conv2D(filters: 8, kernel: Extent(1, 5))) == [
        .applicable, .notApplicable(reason: "its kernel of 1x5 has one row or one column"),
      ])
    #expect(try applicability(Conv2D(filters: 8, kernel: 3)) == [.applicable, .applicable])
  }
}
