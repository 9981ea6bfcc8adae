import CDNNL
import Execution
import Graphs
import Tensors

extension WeightStore {
  /// All that training changes, in plain layouts; reorders between layouts are exact.
  func snapshot() throws(ExecutionError) -> TrainingState {
    var state = TrainingState(parameters: [:])
    for name in order {
      guard let entry = entries[name] else { continue }
      let trainable = entry.slot.isTrainable
      state.parameters[name] = try read(name, trainable ? weights : statistics)
      if trainable, let firstMoments { state.firstMoments[name] = try read(name, firstMoments) }
      if trainable, let secondMoments { state.secondMoments[name] = try read(name, secondMoments) }
      if let averages, let averageStatistics {
        state.averages[name] = try read(name, trainable ? averages : averageStatistics)
      }
    }
    return state
  }

  /// The gradients of all trainable parameters, in plain layouts.
  func gradientTensors() throws(ExecutionError) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for name in order where entries[name]?.slot.isTrainable == true {
      tensors[name] = try read(name, gradients)
    }
    return tensors
  }

  /// The positions of a trainable parameter's elements, taken row-major, in its part of the arena.
  ///
  /// They are found by copying the elements' numbers into the layout. Numbers are split into halves that
  /// floats hold exactly; padding stays zero.
  func places(of name: String) throws(ExecutionError) -> [Int32] {
    guard let entry = entries[name], entry.slot.isTrainable else { throw .missingParameter(name) }
    let count = entry.slot.shape.count
    func copied(_ numbers: [Float]) throws(ExecutionError) -> [Float] {
      let arena = AlignedBuffer(floats: entry.count)
      let target = Operand(
        region: unsafe Region(byteCount: arena.byteCount, at: arena.baseAddress), layout: entry.layout)
      try write(Tensor(numbers, shape: entry.slot.shape), to: target, node: name)
      let floats = arena.floats
      return (0..<entry.count).map { floats[$0] }
    }
    let low = try copied((1...count).map { Float($0 % 65_536) })
    let high = try copied((1...count).map { Float($0 / 65_536) })
    var places = [Int32](repeating: -1, count: count)
    for place in low.indices {
      let number = Int(high[place]) * 65_536 + Int(low[place])
      if number > 0 { places[number - 1] = Int32(place) }
    }
    guard !places.contains(-1) else {
      throw .stateMismatch(parameter: name, reason: "its layout hides some of its elements")
    }
    return places
  }

  /// Loads a state, which must hold every parameter with its shape.
  func load(_ state: TrainingState) throws(ExecutionError) {
    for name in order {
      guard let slot = entries[name]?.slot else { continue }
      guard let tensor = state.parameters[name] else {
        throw .stateMismatch(parameter: name, reason: "missing, expected \(slot.shape)")
      }
      for tensor in [tensor, state.firstMoments[name], state.secondMoments[name], state.averages[name]] {
        guard let tensor, tensor.shape != slot.shape else { continue }
        throw .stateMismatch(parameter: name, reason: "expected \(slot.shape), found \(tensor.shape)")
      }
    }
    prepare(
      moments: state.secondMoments.isEmpty ? (state.firstMoments.isEmpty ? 0 : 1) : 2,
      averaging: !state.averages.isEmpty)
    for name in order {
      guard let entry = entries[name], let parameter = state.parameters[name] else { continue }
      let trainable = entry.slot.isTrainable
      let zeros = Tensor(zeros: entry.slot.shape)
      try write(name, trainable ? weights : statistics, parameter)
      if trainable, let firstMoments { try write(name, firstMoments, state.firstMoments[name] ?? zeros) }
      if trainable, let secondMoments { try write(name, secondMoments, state.secondMoments[name] ?? zeros) }
      if let averages, let averageStatistics {
        try write(name, trainable ? averages : averageStatistics, state.averages[name] ?? parameter)
      }
    }
    pendingBackwards = 0
    version += 1
  }

  private func read(_ name: String, _ arena: AlignedBuffer) throws(ExecutionError) -> Tensor {
    guard let entry = entries[name] else { throw .missingParameter(name) }
    let plain = AlignedBuffer(floats: entry.slot.shape.count)
    let target = try Operand(
      region: unsafe Region(byteCount: plain.byteCount, at: plain.baseAddress),
      layout: Layout.plain(entry.layout.dimensions, .f32))
    let source = Operand(region: try region(name, in: arena), layout: entry.layout)
    try device.reorder(source, to: target, node: name)
    let floats = plain.floats
    return Tensor((0..<entry.slot.shape.count).map { floats[$0] }, shape: entry.slot.shape)
  }

  private func write(_ name: String, _ arena: AlignedBuffer, _ tensor: Tensor) throws(ExecutionError) {
    guard let entry = entries[name] else { throw .missingParameter(name) }
    try write(tensor, to: Operand(region: try region(name, in: arena), layout: entry.layout), node: name)
  }

  private func write(_ tensor: Tensor, to target: Operand, node: String) throws(ExecutionError) {
    let plain = AlignedBuffer(floats: tensor.values.count)
    plain.withMutableFloats { floats in
      for index in tensor.values.indices { floats[index] = tensor.values[index] }
    }
    let source = try Operand(
      region: unsafe Region(byteCount: plain.byteCount, at: plain.baseAddress),
      layout: Layout.plain(target.layout.dimensions, .f32))
    try device.reorder(source, to: target, node: node)
  }
}

extension Device {
  /// Copies a tensor into another layout at once, for states and other uses outside of steps.
  func reorder(_ source: Operand, to target: Operand, node: String) throws(ExecutionError) {
    let descriptor = unsafe try Descriptor("condense_reorder", node: node) { handle, attributes in
      unsafe condense_reorder(&handle, engine, source.layout.handle, target.layout.handle, attributes)
    }
    let call = PendingCall(
      description: KernelDescription(node: node, pass: "reorder", implementation: descriptor.implementation),
      work: .primitive(
        descriptor, [Argument(DNNL_ARG_FROM, source), Argument(DNNL_ARG_TO, target)]), regions: [])
    let bytes = try Layout.scratchpad(of: descriptor)?.byteCount ?? 0
    let scratch = AlignedBuffer(byteCount: bytes)
    let region = unsafe Region(byteCount: bytes, at: scratch.baseAddress)
    let prepared = try PreparedCall(call, self, scratchpad: region)
    withExtendedLifetime(scratch) { prepared.run() }
  }
}
