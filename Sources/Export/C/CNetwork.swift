import Execution
import Graphs
import Tensors

/// A network whose every step can be written as C.
struct CNetwork: Sendable {
  /// What flows between steps.
  struct Value: Sendable {
    /// The graph's name for it.
    let name: String
    /// Its extents for one image.
    let shape: Shape
  }

  /// A kernel call.
  struct Step: Sendable {
    /// The node that computes.
    let node: String
    /// What is computed.
    let kernel: any CKernel
    /// Positions in `values`.
    let inputs: [Int]
    /// The position in `values`.
    let output: Int
  }

  /// All values.
  private(set) var values: [Value]
  /// The steps in the order of running; each reads what came before.
  private(set) var steps: [Step]
  /// The value that comes from outside.
  let input: Int
  /// The value that is computed.
  private(set) var output: Int
  /// The type of all numbers that flow.
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

  /// An integer program; refused are steps whose kernels have no C.
  init(_ program: IntegerProgram, _ storage: CStorage = CStorage()) throws(CRefusal) {
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
    guard program.outputs.count == 1 || !program.steps.contains(where: { $0.kernel is IntegerPixelRows })
    else { throw .ofOutputs(program.outputs.count) }
    self.init(
      values: program.values.map { Value(name: $0.name, shape: $0.shape) }, steps: steps, input: input,
      output: output, element: .int8)
  }

  /// The same for callers.
  var number: CProgram.Number { element == .float ? .float : .int8 }

  /// Multiply-adds of one image.
  var multiplyAdds: Int { steps.reduce(0) { $0 + $1.kernel.multiplyAdds } }
}

/// A step that cannot be written.
struct CRefusal: Error, Equatable, CustomStringConvertible {
  let node: String
  let kind: String
  let reason: String

  /// A detector, whose outputs are two.
  static func ofOutputs(_ count: Int) -> CRefusal {
    CRefusal(
      node: "outputs", kind: "output",
      reason: "C gives back one output, the network has \(count); export a detector as ONNX")
  }

  /// Node, kind and reason.
  var description: String { "\(node) (\(kind)): \(reason)" }
}

extension CNetwork {
  /// How every value lies in memory, and the same network with steps in between that bring values into the order that
  /// others need. The input and the output have the order of their shapes.
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

  /// Appends what brings a value into an order; the value itself where it has it.
  private mutating func reordering(_ value: Int, to order: COrder, _ orders: inout [COrder]) -> Int {
    guard orders[value] != order else { return value }
    // Between two orders with channels last the way leads over rows.
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
