import Graphs
import Settings
import Tensors

/// A graph that is run node by node by reference kernels.
///
/// Every value can be read until the next pass.
final class ReferencePlan: Plan {
  let options: PlanOptions
  let graph: Graph
  let weights: ReferenceWeights

  /// One node, with the positions of its inputs, output and parameters.
  private struct Step {
    let node: Node
    let inputs: [Int]
    let output: Int
    let parameters: Range<Int>
  }

  private let steps: [Step]
  private let valueIndex: [String: Int]
  private let shapes: [Shape]
  private let encodings: [Int: any ValueEncoding]
  private var values: [Tensor]
  /// The encoded values before projection, by position.
  private var unprojected: [Int: Tensor] = [:]
  private var seeds: [Int: Tensor] = [:]
  private var key: UInt64 = 0

  init(_ graph: Graph, _ options: PlanOptions, weights: ReferenceWeights) {
    self.graph = graph
    self.options = options
    self.weights = weights
    let names = graph.inputs.map(\.name) + graph.nodes.map(\.name)
    let index = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    valueIndex = index
    shapes = names.map { graph.shape(of: $0, batch: options.batch) ?? [] }
    values = shapes.map { Tensor(zeros: $0) }
    encodings = Dictionary(
      graph.values.compactMap { name, encoding in index[name].map { ($0, encoding) } },
      uniquingKeysWith: { first, _ in first })
    var steps: [Step] = []
    var parameters = 0
    for (position, node) in graph.nodes.enumerated() {
      steps.append(
        Step(
          node: node, inputs: node.inputs.compactMap { index[$0] }, output: graph.inputs.count + position,
          parameters: parameters..<parameters + graph.kernelSlots(of: node).count))
      parameters += graph.slots(of: node).count
    }
    self.steps = steps
  }

  func tap(_ value: String) throws(ExecutionError) -> TapID {
    let known = graph.outputs + options.taps + options.seeds
    guard known.contains(value), let index = valueIndex[value] else {
      throw .unknownTap(value, suggestion: Spelling.nearest(to: value, among: known))
    }
    return TapID(index: index, count: shapes[index].count)
  }

  func forward(_ images: Span<Float>, key: UInt64) {
    var position = 0
    for index in graph.inputs.indices {
      let count = shapes[index].count
      precondition(position + count <= images.count, "too few elements for \(shapes[index])")
      writeInput(
        InputID(index: index, count: count), images.extracting(position..<position + count))
      position += count
    }
    precondition(position == images.count, "\(images.count) elements where the graph reads \(position)")
    run(key: key)
  }

  func input(_ name: String) throws(ExecutionError) -> InputID {
    guard let index = graph.inputs.firstIndex(where: { $0.name == name }) else {
      throw .unknownInput(name, suggestion: Spelling.nearest(to: name, among: graph.inputs.map(\.name)))
    }
    return InputID(index: index, count: shapes[index].count)
  }

  func writeInput(_ input: InputID, _ written: Span<Float>) {
    precondition(written.count == input.count, "\(written.count) elements for \(shapes[input.index])")
    for i in written.indices { values[input.index].values[i] = written[i] }
    project(input.index)
  }

  func run(key: UInt64) {
    self.key = key
    for step in steps { run(step) }
  }

  private func frame(of step: Step) -> KernelFrame {
    KernelFrame(
      inputs: step.inputs.map { values[$0] },
      parameters: step.parameters.map { weights.projected($0, options.mode) },
      output: values[step.output], mode: options.mode, random: nodeStream(key: key, node: step.node.name))
  }

  private func run(_ step: Step) {
    var frame = frame(of: step)
    step.node.op.forward(&frame)
    precondition(frame.output.values.count == shapes[step.output].count, "\(step.node.name) is incomplete")
    values[step.output] = frame.output
    project(step.output)
    guard options.mode == .training else { return }
    for (index, parameter) in zip(step.parameters, frame.parameters)
    where !weights.entries[index].slot.isTrainable {
      weights.entries[index].value = parameter
    }
  }

  /// Replaces an encoded value by its projection, and keeps the value for the gradient.
  private func project(_ index: Int) {
    guard let encoding = encodings[index] else { return }
    let value = values[index]
    unprojected[index] = value
    var projected = value.values
    var span = projected.mutableSpan
    encoding.project(value.values.span, into: &span)
    values[index].values = projected
  }

  /// The gradient by a value, from that by its projection: elements outside the range get none.
  private func backwardThroughEncoding(_ gradient: Tensor, of index: Int) -> Tensor {
    guard let range = encodings[index]?.range, let value = unprojected[index] else { return gradient }
    var passed = gradient
    for i in passed.values.indices where !range.contains(value.values[i]) { passed.values[i] = 0 }
    return passed
  }

  func readTap(_ tap: TapID, into target: inout MutableSpan<Float>) {
    let source = values[tap.index].values
    for i in source.indices { target[i] = source[i] }
  }

  func writeSeed(_ tap: TapID, _ gradient: Span<Float>) {
    precondition(options.mode == .training, "an inference plan takes no gradient")
    precondition(gradient.count == tap.count, "a seed of \(gradient.count) elements for \(tap.count)")
    var seed = Tensor(zeros: shapes[tap.index])
    for i in 0..<tap.count { seed.values[i] = gradient[i] }
    seeds[tap.index] = seed
  }

  func backward() {
    precondition(options.mode == .training, "an inference plan has no backward pass")
    weights.beginBackward(microBatches: options.microBatches)
    var valueGradients: [Tensor?] = Array(repeating: nil, count: values.count)
    for (index, seed) in seeds { valueGradients[index] = seed }
    for step in steps.reversed() {
      guard let outputGradient = valueGradients[step.output] else { continue }
      valueGradients[step.output] = nil
      var forward = self.frame(of: step)
      // The op's gradient is that of its own output, not of the projection.
      forward.output = unprojected[step.output] ?? forward.output
      var frame = GradientFrame(
        forward, outputGradient: backwardThroughEncoding(outputGradient, of: step.output))
      step.node.op.backward(&frame)
      for (input, gradient) in zip(step.inputs, frame.inputGradients) where input >= graph.inputs.count {
        Self.add(gradient, to: &valueGradients[input])
      }
      for (index, gradient) in zip(step.parameters, frame.parameterGradients) {
        weights.addGradient(gradient, of: index)
      }
    }
  }

  private static func add(_ gradient: Tensor, to sum: inout Tensor?) {
    guard var total = sum else {
      sum = gradient
      return
    }
    sum = nil
    for i in total.values.indices { total.values[i] += gradient.values[i] }
    sum = total
  }

  func withGradients<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    try weights.withGradients(body)
  }

  func withStatistics<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    try weights.withStatistics(body)
  }

  func parameter(_ name: String) throws(ExecutionError) -> ParameterID {
    guard let index = weights.entries.firstIndex(where: { $0.name == name && $0.slot.isTrainable }) else {
      throw .missingParameter(name)
    }
    return ParameterID(index: index)
  }

  func order(of parameter: String) throws(ExecutionError) -> [Int32] {
    let count = weights.entries[try self.parameter(parameter).index].slot.shape.count
    return (0..<count).map(Int32.init)
  }

  func withParameter<R>(
    _ parameter: ParameterID, _ body: (Span<Float>, inout MutableSpan<Float>) throws -> R
  ) rethrows -> R {
    try weights.withParameter(parameter.index, body)
  }

  func gradients() throws(ExecutionError) -> [String: Tensor] { weights.gradientTensors() }

  func update(_ rule: any UpdateRule, _ step: StepParameters) { weights.update(rule, step) }
  var isFinite: Bool { weights.entries.allSatisfy { $0.value.values.span.isFinite } }

  func snapshot() -> TrainingState { weights.snapshot() }

  func load(_ state: TrainingState) throws(ExecutionError) { try weights.load(state) }

  var kernels: [KernelDescription] {
    let forward = steps.map {
      KernelDescription(node: $0.node.name, pass: "forward", implementation: "reference")
    }
    guard options.mode == .training else { return forward }
    return forward
      + steps.reversed().map {
        KernelDescription(node: $0.node.name, pass: "backward", implementation: "reference")
      }
  }
}
