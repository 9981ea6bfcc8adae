import CIntegers
import Execution
import Graphs
import Settings
import Tensors

/// An integer program that is prepared for a batch; threads take images in blocks that stay in their caches.
final class IntegerPlan: Plan {
  let options: PlanOptions
  private let graph: Graph
  private let blocks: ByteBlocks
  private let taps: [Tap]
  private let loop: TeamLoop

  /// A value that can be read as floats for the whole batch.
  private struct Tap {
    let name: String
    let value: Int
    /// The node that the host computes from the value, if any.
    let hostNode: Node?
  }

  init(
    _ program: IntegerProgram, of graph: Graph, _ options: PlanOptions,
    _ instructions: IntegerBackend.Instructions
  ) throws(ExecutionError) {
    self.options = options
    self.graph = graph
    var taps: [Tap] = []
    for (name, value) in zip(graph.outputs, program.outputs) {
      let node = graph.node(named: name)
      let isHosts = node?.op.valueFlow != .vanishing && program.values[value].name != name
      taps.append(Tap(name: name, value: value, hostNode: isHosts ? node : nil))
    }
    for name in options.taps where !taps.contains(where: { $0.name == name }) {
      guard let value = program.values.firstIndex(where: { $0.name == name }) else {
        let known = program.values.map(\.name)
        guard graph.shape(of: name) != nil else {
          throw .unknownTap(name, suggestion: Spelling.nearest(to: name, among: known))
        }
        throw .unsupported(node: name, reason: "no integer device stores this value")
      }
      taps.append(Tap(name: name, value: value, hostNode: nil))
    }
    self.taps = taps
    let blocks = ByteBlocks(
      program, batch: options.batch, threads: options.threads, read: Array(Set(taps.map(\.value))).sorted(),
      instructions)
    self.blocks = blocks
    loop = TeamLoop { parts in for part in parts { blocks.run(part: part) } }
  }

  func tap(_ value: String) throws(ExecutionError) -> TapID {
    guard let index = taps.firstIndex(where: { $0.name == value }) else {
      throw .unknownTap(value, suggestion: Spelling.nearest(to: value, among: taps.map(\.name)))
    }
    return TapID(index: index, count: graph.shape(of: value, batch: options.batch)?.count ?? 0)
  }

  func forward(_ images: Span<Float>, key: UInt64) {
    precondition(
      images.count == options.batch * graph.inputs.reduce(0) { $0 + $1.shape.count },
      "\(images.count) elements for a batch of \(options.batch)")
    unsafe images.withUnsafeBufferPointer { images in
      unsafe blocks.images = images.baseAddress
      loop.run(blocks.parts, grain: 1, threads: options.threads)
      unsafe blocks.images = nil
    }
  }

  func readTap(_ tap: TapID, into values: inout MutableSpan<Float>) {
    let entry = taps[tap.index]
    guard let node = entry.hostNode else { return blocks.copy(entry.value, into: &values) }
    let numbers = hostNumbers(entry, node)
    for i in numbers.indices { values[i] = numbers[i] }
  }

  /// The numbers that the host computes in floats from the program's output.
  private func hostNumbers(_ entry: Tap, _ node: Node) -> [Float] {
    let shape = graph.inputShapes(of: node, batch: options.batch)[0]
    var input = Tensor(zeros: shape)
    var span = input.values.mutableSpan
    blocks.copy(entry.value, into: &span)
    var frame = KernelFrame(
      inputs: [input], parameters: [],
      output: Tensor(zeros: graph.shape(of: node.name, batch: options.batch) ?? []),
      mode: .inference, random: nodeStream(key: 0, node: node.name))
    node.op.forward(&frame)
    return frame.output.values
  }

  var kernels: [KernelDescription] { blocks.kernels }

  // MARK: What only training does

  func input(_ name: String) throws(ExecutionError) -> InputID {
    throw .unsupported(node: name, reason: "an integer plan takes all of its inputs with \"forward\"")
  }

  func writeInput(_ input: InputID, _ values: Span<Float>) {
    preconditionFailure("an integer plan has no inputs that are written by themselves")
  }

  func run(key: UInt64) { preconditionFailure("an integer plan keeps no inputs to run on") }

  func writeSeed(_ tap: TapID, _ gradient: Span<Float>) {
    preconditionFailure("an inference plan takes no gradient")
  }

  func backward() { preconditionFailure("an inference plan has no backward pass") }

  func withGradients<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    var none: [Float] = []
    var span = none.mutableSpan
    return try body(&span)
  }

  func withStatistics<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    try withGradients(body)
  }

  func gradients() throws(ExecutionError) -> [String: Tensor] { [:] }

  func parameter(_ name: String) throws(ExecutionError) -> ParameterID { throw .missingParameter(name) }

  func order(of parameter: String) throws(ExecutionError) -> [Int32] { throw .missingParameter(parameter) }

  func withParameter<R>(
    _ parameter: ParameterID, _ body: (Span<Float>, inout MutableSpan<Float>) throws -> R
  ) rethrows -> R {
    preconditionFailure("an integer plan is not trained")
  }

  func update(_ rule: any UpdateRule, _ step: StepParameters) {
    preconditionFailure("an inference plan is not trained")
  }

  /// True, as integers are finite.
  var isFinite: Bool { true }

  func snapshot() -> TrainingState { TrainingState(parameters: graph.parameters.mapValues(\.value)) }

  func load(_ state: TrainingState) throws(ExecutionError) {
    throw .unsupported(
      node: "integer", reason: "weights are constants of an integer plan; compile another one")
  }
}
