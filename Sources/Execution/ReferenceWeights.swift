import Graphs
import Tensors

/// The parameters and gradients of a training, shared by the reference plans of one graph.
final class ReferenceWeights {
  /// One stored tensor, and what training keeps beside it.
  struct Entry {
    let name: String
    let slot: ParameterSlot
    let encoding: any Encoding
    /// True if updates change it.
    let isUpdated: Bool
    /// The entry whose numbers complete the encoding, if there is one.
    let grid: Int?
    /// The master values.
    var value: Tensor
    var first: [Float] = []
    var second: [Float] = []
    var average: [Float]?

    /// The encoding, if its numbers are learned.
    var learned: (any LearnedGrid)? { grid == nil ? nil : encoding as? any LearnedGrid }
  }

  /// Every parameter, in the order of nodes and slots.
  var entries: [Entry]
  /// The gradients of all trainable parameters, one after another, frozen ones last.
  private var gradients: [Float]
  /// The number of gradient elements that belong to updated parameters.
  private let updatedCount: Int
  /// The range of each entry's gradient; empty for statistics.
  private let gradientRanges: [Range<Int>]
  /// The number of backward passes that are summed in the gradients.
  private var summedPasses = 0

  /// Takes the parameters of a verified graph, some of which may be frozen.
  init(_ graph: Graph, frozen: Set<String> = []) {
    var entries: [Entry] = []
    for node in graph.nodes {
      let slots = graph.slots(of: node)
      let first = entries.count
      for (name, slot) in slots {
        let parameter = graph.parameters[name] ?? Parameter(Tensor(zeros: slot.shape))
        let grid = graph.gridName(of: name).flatMap { grid in slots.firstIndex { $0.name == grid } }
        entries.append(
          Entry(
            name: name, slot: slot, encoding: parameter.encoding,
            isUpdated: slot.isTrainable && !frozen.contains(name), grid: grid.map { first + $0 },
            value: parameter.value))
      }
    }
    let trainable = entries.indices.filter { entries[$0].slot.isTrainable }
    let order = trainable.filter { entries[$0].isUpdated } + trainable.filter { !entries[$0].isUpdated }
    var total = 0
    var ranges = Array(repeating: 0..<0, count: entries.count)
    for index in order {
      ranges[index] = total..<total + entries[index].slot.shape.count
      total = ranges[index].upperBound
    }
    updatedCount = order.reduce(0) { entries[$1].isUpdated ? $0 + ranges[$1].count : $0 }
    gradientRanges = ranges
    self.entries = entries
    gradients = Array(repeating: 0, count: total)
  }

  /// The values of an entry that kernels compute with: the projection.
  ///
  /// Running statistics are not projected during training.
  func projected(_ index: Int, _ mode: ExecutionMode) -> Tensor {
    let entry = entries[index]
    guard entry.slot.isTrainable || mode == .inference else { return entry.value }
    guard let grid = entry.grid, let learned = entry.learned else {
      return Parameter(entry.value, encoding: entry.encoding).projected
    }
    var tensor = entry.value
    var span = tensor.values.mutableSpan
    learned.project(&span, grid: entries[grid].value.values.span, shape: entry.slot.shape)
    return tensor
  }

  /// Begins a backward pass: adds to the present sum, or starts a new one after `microBatches` passes.
  func beginBackward(microBatches: Int) {
    if summedPasses >= microBatches { clearGradients() }
    summedPasses += 1
  }

  /// Adds to the gradient of a trainable parameter, from the gradient by its projection.
  func addGradient(_ gradient: Tensor, of index: Int) {
    guard !gradientRanges[index].isEmpty else { return }
    let entry = entries[index]
    var values = gradient.values
    var span = values.mutableSpan
    if let grid = entry.grid, let learned = entry.learned {
      var byGrid = entries[grid].value.values
      var gridSpan = byGrid.mutableSpan
      learned.backward(
        &span, masters: entry.value.values.span, grid: entries[grid].value.values.span,
        gridGradient: &gridSpan, shape: entry.slot.shape)
      for (i, position) in gradientRanges[grid].enumerated() { gradients[position] += byGrid[i] }
    } else {
      entry.encoding.backward(&span, masters: entry.value.values.span, shape: entry.slot.shape)
    }
    for (i, position) in gradientRanges[index].enumerated() { gradients[position] += values[i] }
  }

  private func clearGradients() {
    gradients = Array(repeating: 0, count: gradients.count)
    summedPasses = 0
  }

  func withGradients<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    var lent = Array(gradients[..<updatedCount])
    defer { gradients.replaceSubrange(..<updatedCount, with: lent) }
    var span = lent.mutableSpan
    return try body(&span)
  }

  /// Lends the running statistics, one entry after another.
  func withStatistics<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    let places = entries.indices.filter { !entries[$0].slot.isTrainable }
    var lent = places.flatMap { entries[$0].value.values }
    defer {
      var start = 0
      for index in places {
        let end = start + entries[index].value.values.count
        entries[index].value.values = Array(lent[start..<end])
        start = end
      }
    }
    var span = lent.mutableSpan
    return try body(&span)
  }

  /// Lends the master of a trainable parameter and its gradient.
  func withParameter<R>(
    _ index: Int, _ body: (Span<Float>, inout MutableSpan<Float>) throws -> R
  ) rethrows -> R {
    let values = entries[index].value.values
    var lent = Array(gradients[gradientRanges[index]])
    defer { gradients.replaceSubrange(gradientRanges[index], with: lent) }
    var span = lent.mutableSpan
    return try body(values.span, &span)
  }

  /// The gradients of all trainable parameters by name.
  func gradientTensors() -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (entry, range) in zip(entries, gradientRanges) where entry.slot.isTrainable {
      tensors[entry.name] = Tensor(Array(gradients[range]), shape: entry.slot.shape)
    }
    return tensors
  }

  /// Updates the parameters that are not frozen and the averages, and starts a new sum of gradients.
  func update(_ rule: any UpdateRule, _ step: StepParameters) {
    if step.averageDecay != nil { startAverages() }
    let gradients = gradients
    for (index, range) in gradientRanges.enumerated() where entries[index].isUpdated {
      update(index, gradients.span.extracting(range), rule, step)
    }
    if let decay = step.averageDecay { followAverages(decay: decay) }
    clearGradients()
  }

  /// Updates one trainable parameter in place.
  private func update(_ index: Int, _ gradients: Span<Float>, _ rule: any UpdateRule, _ step: StepParameters)
  {
    let count = entries[index].value.values.count
    let decays = entries[index].slot.decays && entries[index].encoding.mastersAreWeights
    let decay = decays ? step.decay : 0
    if rule.momentCount >= 1, entries[index].first.isEmpty {
      entries[index].first = Array(repeating: 0, count: count)
    }
    if rule.momentCount >= 2, entries[index].second.isEmpty {
      entries[index].second = Array(repeating: 0, count: count)
    }
    var values = entries[index].value.values
    var firstValues = entries[index].first
    var secondValues = entries[index].second
    var weights = values.mutableSpan
    var first = firstValues.mutableSpan
    var second = secondValues.mutableSpan
    rule.update(
      weights: &weights, gradients: gradients, first: &first, second: &second, decay: decay, step)
    entries[index].value.values = values
    entries[index].first = firstValues
    entries[index].second = secondValues
  }

  /// Starts the moving averages that do not exist yet at the present weights.
  private func startAverages() {
    for index in entries.indices where entries[index].average == nil {
      entries[index].average = entries[index].value.values
    }
  }

  /// Moves the averages towards the present weights and statistics.
  private func followAverages(decay: Float) {
    for index in entries.indices where entries[index].isUpdated || !entries[index].slot.isTrainable {
      guard var average = entries[index].average else { continue }
      let values = entries[index].value.values
      for i in average.indices { average[i] = decay * average[i] + (1 - decay) * values[i] }
      entries[index].average = average
    }
  }

  func snapshot() -> TrainingState {
    var state = TrainingState(parameters: [:])
    for entry in entries {
      let shape = entry.slot.shape
      state.parameters[entry.name] = entry.value
      if !entry.first.isEmpty { state.firstMoments[entry.name] = Tensor(entry.first, shape: shape) }
      if !entry.second.isEmpty { state.secondMoments[entry.name] = Tensor(entry.second, shape: shape) }
      if let average = entry.average { state.averages[entry.name] = Tensor(average, shape: shape) }
    }
    return state
  }

  func load(_ state: TrainingState) throws(ExecutionError) {
    var loaded = entries
    for index in loaded.indices {
      let name = loaded[index].name
      guard let value = state.parameters[name] else {
        throw .stateMismatch(parameter: name, reason: "the state lacks it")
      }
      let others = [state.firstMoments[name], state.secondMoments[name], state.averages[name]]
      for tensor in [value] + others.compactMap({ $0 }) where tensor.shape != loaded[index].slot.shape {
        throw .stateMismatch(
          parameter: name, reason: "expected \(loaded[index].slot.shape), the state holds \(tensor.shape)")
      }
      loaded[index].value = value
      loaded[index].first = others[0]?.values ?? []
      loaded[index].second = others[1]?.values ?? []
      loaded[index].average = others[2]?.values
    }
    entries = loaded
    clearGradients()
  }
}
