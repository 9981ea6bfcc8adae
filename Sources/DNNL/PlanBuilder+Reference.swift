import CDNNL
import Execution
import Graphs
import Tensors

/// The data of a reference kernel, as plain memory of the plan.
private struct PlainSite {
  let node: Node
  let inputs: [(region: Region, shape: Shape)]
  let parameters: [(region: Region, shape: Shape)]
  let output: (region: Region, shape: Shape)
  let mode: ExecutionMode

  func frame(_ step: StepKey) -> KernelFrame {
    KernelFrame(
      inputs: inputs.map { Tensor(copying: $0.region, $0.shape) },
      parameters: parameters.map { Tensor(copying: $0.region, $0.shape) },
      output: Tensor(copying: output.region, output.shape), mode: mode,
      random: nodeStream(key: step.key, node: node.name))
  }
}

extension PlanBuilder {
  /// Runs an op's reference kernel between copies in plain layout: slow, but available for every op.
  func lowerReference(_ site: Site) throws(ExecutionError) {
    var inputs: [(Region, Shape)] = []
    for value in site.inputs {
      let layout = try Layout.plain(value.shape.dimensions, .f32)
      inputs.append((try read(value, as: layout).region, value.shape))
    }
    let slots = graph.kernelSlots(of: site.node).map(\.slot)
    var parameters: [(Region, Shape)] = []
    for slot in slots {
      let plain = try Layout.plain(slot.shape.dimensions, .f32)
      parameters.append((try kernelCopy(site.node, slot.role, plain).region, slot.shape))
    }
    let result = try newOperand(Layout.plain(site.shape.dimensions, .f32))
    let plain = PlainSite(
      node: site.node, inputs: inputs, parameters: parameters, output: (result.region, site.shape),
      mode: options.mode)
    let step = step
    let all = inputs.map(\.0) + parameters.map(\.0) + [result.region]
    emit(site.name, "forward", "reference", all) {
      var frame = plain.frame(step)
      site.node.op.forward(&frame)
      frame.output.copy(to: result.region)
      for (slot, (parameter, memory)) in zip(slots, zip(frame.parameters, parameters)) where !slot.isTrainable
      {
        parameter.copy(to: memory.0)
      }
    }
    define(site, result, needsGradient: site.inputs.contains(where: \.needsGradient) || !slots.isEmpty)
    backward { () throws(ExecutionError) in try self.backwardReference(site, plain, slots) }
  }

  private func backwardReference(
    _ site: Site, _ plain: PlainSite, _ slots: [ParameterSlot]
  ) throws(ExecutionError) {
    guard let value = values[site.result], value.needsGradient, let gradient = try gradient(of: value) else {
      return
    }
    var targets: [Operand] = []
    for input in plain.inputs { targets.append(try newOperand(Layout.plain(input.shape.dimensions, .f32))) }
    var parameterTargets: [(position: Int, region: Region)] = []
    for (position, slot) in slots.enumerated() where slot.isTrainable {
      let layout = try Layout.plain(slot.shape.dimensions, .f32)
      parameterTargets.append((position, newOperand(layout).region))
    }
    let step = step
    let regions =
      plain.inputs.map(\.region) + plain.parameters.map(\.region) + [
        plain.output.region, gradient.operand.region,
      ]
      + targets.map(\.region) + parameterTargets.map(\.region)
    emit(site.name, "backward", "reference", regions) {
      var frame = GradientFrame(
        plain.frame(step), outputGradient: Tensor(copying: gradient.operand.region, plain.output.shape))
      site.node.op.backward(&frame)
      for (tensor, target) in zip(frame.inputGradients, targets) { tensor.copy(to: target.region) }
      for target in parameterTargets { frame.parameterGradients[target.position].copy(to: target.region) }
    }
    for (input, target) in zip(site.inputs, targets) { try contribute(input, target, owned: true) }
    for target in parameterTargets {
      let slot = slots[target.position]
      let layout = try Layout.plain(slot.shape.dimensions, .f32)
      try withGradient(site.node, slot.role, layout) { gradient throws(ExecutionError) in
        try reorder(Operand(region: target.region, layout: layout), to: gradient, site.name)
      }
    }
  }
}

extension Tensor {
  /// Copies plain memory.
  fileprivate init(copying region: Region, _ shape: Shape) {
    var values: [Float] = []
    if let start = unsafe region.address?.assumingMemoryBound(to: Float.self) {
      values = unsafe Array(UnsafeBufferPointer(start: start, count: shape.count))
    }
    self.init(values, shape: shape)
  }

  /// Writes the elements to plain memory.
  fileprivate func copy(to region: Region) {
    unsafe values.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress {
        unsafe region.address?.copyMemory(from: start, byteCount: bytes.count)
      }
    }
  }
}
