import Encodings
import Graphs
import Ops
import Settings
import Tensors

extension Graph {
  /// The network in which ops with learned steps put values on their integer grids.
  ///
  /// Behind such a value stands `NAME.step`, which the value's readers then read. Inputs, outputs, and values
  /// whose grid has no positive number keep their encodings.
  func withLearnedSteps(_ rule: StepRule, for method: String) throws -> Graph {
    let places = valuePlaces()
    let fixed = Set(inputs.map(\.name) + outputs)
    var multiples: [String: ClosedRange<Int>] = [:]
    for (name, encoding) in values {
      guard let grid = encoding as? IntegerValue, places[name] == .stored, !fixed.contains(name) else {
        continue
      }
      let bounds = grid.integers.lowerBound - grid.zeroPoint...grid.integers.upperBound - grid.zeroPoint
      if bounds.upperBound > 0 { multiples[name] = bounds }
    }
    var graph = Graph(inputs: inputs)
    graph.parameters = parameters
    graph.values = values.filter { name, _ in
      guard case .alike(let source) = places[name] else { return multiples[name] == nil }
      return multiples[source] == nil
    }
    var read: [String: String] = [:]
    for node in nodes {
      _ = try located(method) {
        try graph.append(node.op, name: node.name, inputs: node.inputs.map { read[$0] ?? $0 })
      }
      guard let bounds = multiples[node.name], let grid = values[node.name] as? IntegerValue else { continue }
      let step = try located(method) {
        try graph.append(
          LearnedStep(bounds, rule: rule), name: unusedName(node.name, "step"), inputs: [node.name])
      }
      read[node.name] = step
      graph[.step, of: step] = Parameter(Tensor([grid.scale], shape: [1]))
    }
    graph.outputs = outputs
    return graph
  }

  /// The network without the ops that learn steps, and the encodings that they have reached, by value.
  func withoutLearnedSteps(for method: String) throws -> (graph: Graph, values: [String: IntegerValue]) {
    var learned: [String: IntegerValue] = [:]
    var source: [String: String] = [:]
    var graph = Graph(inputs: inputs)
    for node in nodes {
      guard let op = node.op as? LearnedStep else {
        _ = try located(method) {
          try graph.append(node.op, name: node.name, inputs: node.inputs.map { source[$0] ?? $0 })
        }
        for (name, _) in slots(of: node) { graph.parameters[name] = parameters[name] }
        continue
      }
      let value = node.inputs[0]
      source[node.name] = value
      learned[value] = try op.grid(
        step: self[.step, of: node.name]?.value.values.first ?? 0, of: value, method)
    }
    graph.outputs = outputs
    graph.values = values
    return (graph, learned)
  }
}

extension LearnedStep {
  /// The encoding of a value on the grid of a step; throws if the step makes no valid grid.
  fileprivate func grid(step: Float, of value: String, _ method: String) throws -> IntegerValue {
    // The op holds the grid's ends as multiples of the step; bits and zero point follow from these.
    let bits = (below + above).bitWidth - (below + above).leadingZeroBitCount
    let grid = IntegerValue(
      bits: bits, scale: max(step, Self.leastStep), zeroPoint: below - (1 << (bits - 1)))
    guard let problem = grid.problem else { return grid }
    throw MethodError.impossible(
      method: method, node: value,
      reason: "its learned grid has \(problem); lower the learning rate, or set ranges: fixed")
  }
}
