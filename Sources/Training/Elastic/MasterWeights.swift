import Execution
import Graphs
import Ops
import Tensors

/// The weights that networks share, with the sums of their gradients and their moments, in plain layouts.
struct MasterWeights {
  private struct Entry {
    let name: String
    let slot: ParameterSlot
    let isUpdated: Bool
    var values: [Float]
    var gradients: [Float] = []
    var first: [Float] = []
    var second: [Float] = []
  }

  private var entries: [Entry]

  /// Takes the parameters of the largest network; updates leave `frozen` ones unchanged.
  init(_ graph: Graph, frozen: Set<String>) {
    entries = graph.nodes.flatMap { graph.slots(of: $0) }.compactMap { name, slot in
      graph.parameters[name].map {
        Entry(
          name: name, slot: slot, isUpdated: slot.isTrainable && !frozen.contains(name),
          values: $0.value.values)
      }
    }
  }

  /// The parameters by name.
  var parameters: [String: Tensor] {
    Dictionary(
      entries.map { ($0.name, Tensor($0.values, shape: $0.slot.shape)) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Starts new sums of gradients.
  mutating func clearGradients() {
    for index in entries.indices where entries[index].isUpdated {
      entries[index].gradients = Array(repeating: 0, count: entries[index].values.count)
    }
  }

  /// Adds the gradients of a network that shares the weights; without slices, of the largest network.
  mutating func add(_ gradients: [String: Tensor], by slices: WeightSlices?) {
    for index in entries.indices where entries[index].isUpdated {
      guard let gradient = gradients[entries[index].name] else { continue }
      if let slices {
        slices.add(gradient, of: entries[index].name, to: &entries[index].gradients)
      } else {
        for place in gradient.values.indices { entries[index].gradients[place] += gradient.values[place] }
      }
    }
  }

  /// The Euclidean norm of the summed gradients.
  var gradientNorm: Float {
    Float(
      entries.reduce(0.0) { sum, entry in
        entry.gradients.reduce(sum) { $0 + Double($1) * Double($1) }
      }.squareRoot())
  }

  /// Applies an update rule to all weights that are not frozen; returns the first that is not finite then.
  mutating func update(_ rule: any UpdateRule, _ step: StepParameters) -> String? {
    var damaged: String?
    for index in entries.indices where entries[index].isUpdated {
      let (slot, gradients) = (entries[index].slot, entries[index].gradients)
      let zeros = Array(repeating: Float(0), count: gradients.count)
      var values = entries[index].values
      var firstValues = entries[index].first
      var secondValues = entries[index].second
      if rule.momentCount >= 1, firstValues.isEmpty { firstValues = zeros }
      if rule.momentCount >= 2, secondValues.isEmpty { secondValues = zeros }
      var weights = values.mutableSpan
      var first = firstValues.mutableSpan
      var second = secondValues.mutableSpan
      rule.update(
        weights: &weights, gradients: gradients.span, first: &first, second: &second,
        decay: slot.decays ? step.decay : 0, step)
      if damaged == nil, !values.allSatisfy(\.isFinite) { damaged = entries[index].name }
      (entries[index].values, entries[index].first, entries[index].second) = (
        values, firstValues, secondValues
      )
    }
    return damaged
  }

  /// Everything that a checkpoint keeps.
  var state: TrainingState {
    var state = TrainingState(parameters: parameters)
    for entry in entries {
      if !entry.first.isEmpty {
        state.firstMoments[entry.name] = Tensor(entry.first, shape: entry.slot.shape)
      }
      if !entry.second.isEmpty {
        state.secondMoments[entry.name] = Tensor(entry.second, shape: entry.slot.shape)
      }
    }
    return state
  }

  /// Loads a state; throws if a parameter is missing or of another shape.
  mutating func load(_ state: TrainingState) throws(ExecutionError) {
    for index in entries.indices {
      let (name, shape) = (entries[index].name, entries[index].slot.shape)
      guard let tensor = state.parameters[name] else {
        throw .stateMismatch(parameter: name, reason: "missing, expected \(shape)")
      }
      guard tensor.shape == shape else {
        throw .stateMismatch(parameter: name, reason: "expected \(shape), found \(tensor.shape)")
      }
      entries[index].values = tensor.values
      entries[index].first = state.firstMoments[name]?.values ?? []
      entries[index].second = state.secondMoments[name]?.values ?? []
    }
  }
}
