import Execution
import Graphs
import Tasks
import Tensors

/// A network whose steps can all be written as C.
struct CNetwork: Sendable {
  /// A value between steps.
  struct Value: Sendable {
    /// The value's name in the graph.
    let name: String
    /// The shape for one image.
    let shape: Shape
  }

  /// A call of a kernel.
  struct Step: Sendable {
    /// The name of the computed node.
    let node: String
    /// The kernel.
    let kernel: any CKernel
    /// The indices of the inputs in `values`.
    let inputs: [Int]
    /// The index of the output in `values`.
    let output: Int
  }

  /// All values.
  private(set) var values: [Value]
  /// The steps in execution order; each reads earlier values.
  private(set) var steps: [Step]
  /// The index of the network's input.
  let input: Int
  /// The index of the network's output.
  private(set) var output: Int
  /// The element type of all values.
  let element: CArray.Element

  /// Makes a network, without steps that the output does not need.
  init(values: [Value], steps: [Step], input: Int, output: Int, element: CArray.Element) {
    self.values = values
    self.input = input
    self.output = output
    self.element = element
    var needed: Set<Int> = [output]
    self.steps = steps.reversed().filter { step in
      guard needed.contains(step.output) else { return false }
      needed.formUnion(step.inputs)
      return true
    }.reversed()
  }

  /// Takes an integer program; throws for steps whose kernels have no C.
  init(
    _ program: IntegerProgram, _ storage: CStorage = CStorage(), decoder: IntegerDecoder? = nil
  ) throws(CRefusal) {
    var steps: [Step] = []
    for step in program.steps {
      let weighted = step.kernel as? any CWeighted
      let products = weighted.map { CProducts(kernel: $0, storage: storage) as any CKernel }
      guard let kernel = products ?? (step.kernel as? any CKernel) else {
        throw CRefusal(node: step.node, kind: step.kernel.kind, reason: "has no kernel in C")
      }
      steps.append(Step(node: step.node, kernel: kernel, inputs: step.inputs, output: step.output))
    }
    guard program.inputs.count == 1, let input = program.inputs.first, let output = program.outputs.first
    else {
      throw CRefusal(
        node: "inputs", kind: "input", reason: "C takes one input, the network has \(program.inputs.count)")
    }
    var values = program.values.map { Value(name: $0.name, shape: $0.shape) }
    if let decoder {
      let kernel = CDetections(decoder: decoder)
      steps.append(
        Step(node: kernel.title, kernel: kernel, inputs: program.outputs, output: values.count))
      values.append(Value(name: kernel.title, shape: kernel.output))
    }
    self.init(
      values: values, steps: steps, input: input, output: decoder == nil ? output : values.count - 1,
      element: .int8)
  }

  /// What makes detections; `nil` for networks that are no detectors.
  var detections: CDetections? { steps.lazy.compactMap { $0.kernel as? CDetections }.first }

  /// The element type as callers see it.
  var number: CProgram.Number { element == .float ? .float : .int8 }

  /// Multiply-adds per image.
  var multiplyAdds: Int { steps.reduce(0) { $0 + $1.kernel.multiplyAdds } }
}

/// A step that cannot be written.
struct CRefusal: Error, Equatable, CustomStringConvertible {
  let node: String
  let kind: String
  let reason: String

  /// The refusal of a network with several outputs, such as a detector.
  static func ofOutputs(_ count: Int) -> CRefusal {
    CRefusal(
      node: "outputs", kind: "output",
      reason:
        "C of floats gives back one output, the network has \(count); quantize a detector, whose C finds things in "
        + "integers, or export it as ONNX")
  }

  /// Outputs of anchors of which no detections can be made in integers.
  static let ofDetections = CRefusal(
    node: "outputs", kind: "output",
    reason:
      "C finds things where a detector has scores and offsets of the same anchors, at most 65,535, in images of at most "
      + "4,095 pixels a side; export it as ONNX")

  /// The node, its kind and the reason.
  var description: String { "\(node) (\(kind)): \(reason)" }
}

extension CNetwork {
  /// The network with reordering steps where kernels need them, and the memory order of every value.
  ///
  /// The input and the output have the order of their shapes.
  func ordered() -> (network: CNetwork, orders: [COrder]) {
    var result = self
    result.steps = []
    var orders = values.map { COrder($0.shape) }
    for step in steps {
      let shapes = step.inputs.map { values[$0].shape }
      let shape = values[step.output].shape
      let wanted = step.kernel.orders(step.inputs.map { orders[$0] }, shapes: shapes, output: shape)
      let inputs = zip(step.inputs, wanted.inputs).map { result.reordering($0, to: $1, &orders) }
      result.steps.append(Step(node: step.node, kernel: step.kernel, inputs: inputs, output: step.output))
      orders[step.output] = wanted.output
    }
    result.output = result.reordering(output, to: COrder(values[output].shape), &orders)
    return (result, orders)
  }

  /// The index of a value in another order; appends a reordering step where the value has not that order.
  private mutating func reordering(_ value: Int, to order: COrder, _ orders: inout [COrder]) -> Int {
    guard orders[value] != order else { return value }
    // Two orders with channels last are converted through row-major order.
    let source: Int
    if order != .rowMajor, orders[value] != .rowMajor {
      source = reordering(value, to: .rowMajor, &orders)
    } else {
      source = value
    }
    let kernel = CTranspose(from: orders[source], to: order, element: element)
    values.append(Value(name: "\(values[value].name), reordered", shape: values[value].shape))
    orders.append(order)
    steps.append(
      Step(node: values[value].name, kernel: kernel, inputs: [source], output: values.count - 1))
    return values.count - 1
  }
}
