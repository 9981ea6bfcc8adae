import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension ReLU: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let source = site.input.operand
    // The gradient is a mask by the output, so the kernel needs no training mode.
    let kernel = unsafe try Descriptor("condense_eltwise", node: site.name) { handle, attributes in
      unsafe condense_eltwise(
        &handle, builder.device.engine, CONDENSE_INFERENCE, source.layout.handle, CONDENSE_RELU, 0, 0,
        attributes, nil)
    }
    let result = builder.newOperand(source.layout)
    builder.emit(
      site.name, "forward", kernel, [Argument(DNNL_ARG_SRC, source), Argument(DNNL_ARG_DST, result)])
    builder.define(site, result, needsGradient: site.input.needsGradient)
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value, mask: result)
      else { return }
      try builder.contribute(site.input, gradient.operand, owned: gradient.isOwned)
    }
    return true
  }
}

extension ReLU6: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_CLIP, alpha: 0, beta: 6, byOutput: false)
  }
}

extension HardSwish: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_HARD_SWISH, byOutput: false)
  }
}

extension LeakyReLU: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_RELU, alpha: slope, byOutput: false)
  }
}

extension Clamp: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_CLIP, alpha: -below, beta: above, byOutput: false)
  }
}

extension ELU: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    guard scale == 1 else { return false }
    return try builder.emitActivation(site, CONDENSE_ELU, alpha: alpha, byOutput: false)
  }
}

extension GELU: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(
      site, form == .exact ? CONDENSE_GELU : CONDENSE_GELU_BY_TANH, byOutput: false)
  }
}

extension Sigmoid: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_SIGMOID_BY_OUTPUT, byOutput: true)
  }
}

extension Tanh: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_TANH_BY_OUTPUT, byOutput: true)
  }
}

extension PlanBuilder {
  /// Appends an activation and tapes its gradient, which is computed from the output or the input.
  ///
  /// False if oneDNN has no such kernel.
  func emitActivation(
    _ site: Site, _ activation: condense_activation, alpha: Float = 0, beta: Float = 0, byOutput: Bool
  ) throws(ExecutionError) -> Bool {
    let source = site.input.operand
    func descriptor(_ pass: condense_pass, _ hint: Descriptor?) throws(ExecutionError) -> Descriptor {
      unsafe try Descriptor("condense_eltwise", node: site.name) { handle, attributes in
        unsafe condense_eltwise(
          &handle, device.engine, pass, source.layout.handle, activation, alpha, beta, attributes,
          hint?.handle)
      }
    }
    let kernels: (forward: Descriptor, backward: Descriptor?)
    do throws(ExecutionError) {
      let forward = try descriptor(isTraining ? CONDENSE_TRAINING : CONDENSE_INFERENCE, nil)
      kernels = (forward, isTraining ? try descriptor(CONDENSE_BACKWARD, forward) : nil)
    } catch {
      return false
    }
    let result = newOperand(source.layout)
    emit(
      site.name, "forward", kernels.forward,
      [Argument(DNNL_ARG_SRC, source), Argument(DNNL_ARG_DST, result)])
    define(site, result, needsGradient: site.input.needsGradient)
    guard let backward = kernels.backward else { return true }
    let known = byOutput ? Argument(DNNL_ARG_DST, result) : Argument(DNNL_ARG_SRC, source)
    self.backward { () throws(ExecutionError) in
      guard let value = self.values[site.result], value.needsGradient,
        let gradient = try self.gradient(of: value)
      else { return }
      let target = gradient.isOwned ? gradient.operand : self.newOperand(source.layout)
      self.emit(
        site.name, "backward", backward,
        [known, Argument(DNNL_ARG_DIFF_DST, gradient.operand), Argument(DNNL_ARG_DIFF_SRC, target)])
      try self.contribute(site.input, target, owned: true)
    }
    return true
  }
}
