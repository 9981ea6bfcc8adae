import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("Plans of memory", .enabled(if: HostCompiler() != nil, "no C compiler here"))
struct CPlanTests {
  /// A network of random steps, each of which reads any earlier values.
  ///
  /// The steps are sums in place, tables, convolutions, concatenations, and flattening and its inverse.
  private func randomProgram(_ seed: Int) throws -> IntegerProgram {
    var kernels = RandomKernels("plan \(seed)")
    let shape: Shape = [4, 3, 2]
    var shapes = [shape]
    var steps: [IntegerProgram.Step] = []
    func append(_ kernel: any IntegerKernel, _ inputs: [Int], _ output: Shape = [4, 3, 2]) {
      steps.append(.init(node: "n\(shapes.count)", inputs: inputs, output: shapes.count, kernel: kernel))
      shapes.append(output)
    }
    for _ in 0..<kernels.integer(4...14) {
      let images = shapes.indices.filter { shapes[$0] == shape }
      let (first, second) = (
        images[kernels.integer(0...images.count - 1)], images[kernels.integer(0...images.count - 1)]
      )
      switch kernels.integer(0...6) {
      case 0, 1:
        append(
          IntegerAdd(zeros: [1, -3], ratios: [0.6, 0.7], outputZero: 2, bounds: -128...127), [first, second])
      case 2: append(IntegerTable(table: kernels.bytes(256)), [first])
      case 3:
        let op = Conv2D(filters: 4, kernel: 3, padding: 1)
        append(try kernels.convolution(shape, op, RandomKernels.dense(kernels.integer(3...8))), [first])
      case 4:
        append(IntegerReshape(), [first], [24])
        append(IntegerTable(table: kernels.bytes(256)), [shapes.count - 1], [24])
        append(IntegerReshape(), [shapes.count - 1])
      case 5:
        append(IntegerReshape(), [first], [24])
        append(kernels.linear(24, 24, RandomKernels.codebook(4)), [shapes.count - 1], [24])
        append(IntegerReshape(), [shapes.count - 1])
      default:
        // Six pixels of four channels: sub-vectors that are part of a channel, a channel, or parts of two
        // channels.
        let width = [2, 3, 4, 6][kernels.integer(0...3)]
        let books = kernels.integer(0...1) == 0 ? 1 : 24 / width
        append(IntegerReshape(), [first], [24])
        append(
          kernels.linear(24, 24, RandomKernels.vectors(width: width, books: books, count: 3)),
          [shapes.count - 1], [24])
        append(IntegerReshape(), [shapes.count - 1])
      }
    }
    return IntegerProgram(
      values: shapes.enumerated().map {
        .init(name: "v\($0)", shape: $1, scale: 1, zeroPoint: 0, bounds: -128...127)
      }, inputs: [0], outputs: [shapes.count - 1], steps: steps)
  }

  @Test("Random networks, in place and reordered, equal the reference", arguments: 0..<4)
  func randomNetworks(_ round: Int) throws {
    let programs = try (0..<12).map { try randomProgram(round * 12 + $0) }
    let exported = try ExportedPrograms(programs, room: round.isMultiple(of: 2) ? 0 : 1 << 20)
    defer { exported.remove() }
    var random = RandomKernels("images \(round)")
    let images = programs.map { _ in (0..<2).map { _ in random.bytes(24) } }
    let found = try exported.outputs(images)
    for (index, expected) in exported.expected(images).enumerated() {
      #expect(
        found[index] == expected,
        "network \(round * 12 + index): \(programs[index].steps.map { "\($0.kernel.kind) \($0.inputs)" })")
    }
  }

  @Test(
    "Packed filters are unpacked several at a time where there is room, one at a time where there is none")
  func room() throws {
    var kernels = RandomKernels("room")
    let (input, op) = (Shape([8, 3, 3]), Conv2D(filters: 8, kernel: 3))
    let kernel = try kernels.convolution(input, op, RandomKernels.dense(4))
    let program = IntegerProgram(
      values: [
        .init(name: "image", shape: input, scale: 1, zeroPoint: 0, bounds: -128...127),
        .init(name: "result", shape: kernel.output, scale: 1, zeroPoint: 0, bounds: -128...127),
      ], inputs: [0], outputs: [1],
      steps: [.init(node: "convolution", inputs: [0], output: 1, kernel: kernel)])
    let network = try CNetwork(program)
    let plans = [0, 300, 1000].map { CPlan(network, room: $0) }
    #expect(plans.map(\.steps[0].scratch.byteCount) == [72, 72, 7 * 72])
    #expect(plans[2].arenaBytes <= 1000 && plans[0].arenaBytes < plans[2].arenaBytes)
  }

  @Test("A chain of two values takes both, and what works in place takes no more")
  func inPlace() throws {
    var kernels = RandomKernels("in place")
    let shape: Shape = [4, 8, 8]
    let convolution = try kernels.convolution(shape, Conv2D(filters: 4, kernel: 1), RandomKernels.dense(8))
    let table = IntegerTable(table: kernels.bytes(256))
    let program = IntegerProgram(
      values: (0..<4).map { .init(name: "v\($0)", shape: shape, scale: 1, zeroPoint: 0, bounds: -128...127) },
      inputs: [0], outputs: [3],
      steps: [
        .init(node: "table", inputs: [0], output: 1, kernel: table),
        .init(node: "convolution", inputs: [1], output: 2, kernel: convolution),
        .init(node: "again", inputs: [2], output: 3, kernel: table),
      ])
    let plan = CPlan(try CNetwork(program))
    #expect(plan.arenaBytes == 512 && plan.lowerBound == 512)
    #expect(plan.offsets[0] == plan.offsets[1] && plan.offsets[2] == plan.offsets[3])
  }

  @Test("Flattening moves nothing: the linear layer behind it reads the image as it lies")
  func flattening() throws {
    var kernels = RandomKernels("flattening")
    let program = IntegerProgram(
      values: [[4, 3, 2], [24], [5]].enumerated().map {
        .init(name: "v\($0)", shape: $1, scale: 1, zeroPoint: 0, bounds: -128...127)
      }, inputs: [0], outputs: [2],
      steps: [
        .init(node: "flatten", inputs: [0], output: 1, kernel: IntegerReshape()),
        .init(node: "linear", inputs: [1], output: 2, kernel: kernels.linear(24, 5, RandomKernels.dense(8))),
      ])
    #expect(CPlan(try CNetwork(program)).steps.map(\.step.node) == ["linear"])
  }
}
