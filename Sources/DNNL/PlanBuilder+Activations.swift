import CDNNL
import Execution
import Graphs
import Tensors

extension PlanBuilder {
  /// Appends an activation and tapes its gradient, which is computed from the output or from the input; false when
  /// oneDNN has no such kernel.
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
    undo { () throws(ExecutionError) in
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
