import CDNNL
import Execution
import Graphs
import Tensors

extension PlanBuilder {
  /// Appends the calls of a convolution or an inner product and tapes its gradients.
  func emitProduct(
    _ site: Site, _ plan: ProductPlan, hasBias: Bool
  ) throws(ExecutionError) {
    let plain = try Layout.plain(plan.weights.dimensions, .f32)
    _ = try declare(site.node, .weight, plan.backwardWeights?.gradient ?? plain)
    let source = try read(site.input, as: plan.source)
    let weights = try kernelCopy(site.node, .weight, plan.weights)
    var arguments = [Argument(DNNL_ARG_SRC, source), Argument(DNNL_ARG_WEIGHTS, weights)]
    if hasBias { arguments.append(Argument(DNNL_ARG_BIAS, try bias(site))) }
    let destination = newOperand(plan.destination)
    arguments.append(Argument(DNNL_ARG_DST, destination))
    emit(site.name, "forward", plan.forward, arguments)
    define(site, destination, needsGradient: true)
    backward { () throws(ExecutionError) in
      try self.backwardProduct(site, plan, source: source, hasBias: hasBias)
    }
  }

  private func bias(_ site: Site) throws(ExecutionError) -> Operand {
    try kernelCopy(site.node, .bias, Layout.plain([site.shape[1]], .f32))
  }

  private func backwardProduct(
    _ site: Site, _ plan: ProductPlan, source: Operand, hasBias: Bool
  ) throws(ExecutionError) {
    guard let result = values[site.result], let kernel = plan.backwardWeights else { return }
    let mask = site.fusesReLU ? result.operand : nil
    let layout = try plan.destination.retyped(plan.source.type)
    guard let gradient = try gradient(of: result, mask: mask, as: layout)?.operand else { return }
    if let data = plan.backwardData, site.input.needsGradient {
      let weights = try kernelCopy(site.node, .weight, data.weights)
      let target = newOperand(plan.source)
      emit(
        site.name, "backward-data", data.kernel,
        [
          Argument(DNNL_ARG_DIFF_DST, gradient), Argument(DNNL_ARG_WEIGHTS, weights),
          Argument(DNNL_ARG_DIFF_SRC, target),
        ])
      try contribute(site.input, target, owned: true)
    }
    try withGradient(site.node, .weight, kernel.gradient) { weights throws(ExecutionError) in
      var arguments = [
        Argument(DNNL_ARG_SRC, source), Argument(DNNL_ARG_DIFF_DST, gradient),
        Argument(DNNL_ARG_DIFF_WEIGHTS, weights),
      ]
      guard hasBias else { return emit(site.name, "backward-weights", kernel.kernel, arguments) }
      try withGradient(site.node, .bias, Layout.plain([site.shape[1]], .f32)) {
        bias throws(ExecutionError) in
        arguments.append(Argument(DNNL_ARG_DIFF_BIAS, bias))
        emit(site.name, "backward-weights", kernel.kernel, arguments)
      }
    }
  }
}
