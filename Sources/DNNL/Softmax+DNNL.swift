import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Softmax: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let own = site.input.operand.layout
    let layout =
      own.dimensions == site.shape.dimensions
      ? own : try Layout.plain(site.shape.dimensions, own.type)
    func descriptor(_ pass: condense_pass, _ hint: Descriptor?) throws(ExecutionError) -> Descriptor {
      unsafe try Descriptor("condense_softmax", node: site.name) { handle, attributes in
        unsafe condense_softmax(
          &handle, builder.device.engine, pass, layout.handle, attributes, hint?.handle)
      }
    }
    let kernels: (forward: Descriptor, backward: Descriptor?)
    do throws(ExecutionError) {
      let forward = try descriptor(builder.isTraining ? CONDENSE_TRAINING : CONDENSE_INFERENCE, nil)
      kernels = (forward, builder.isTraining ? try descriptor(CONDENSE_BACKWARD, forward) : nil)
    } catch {
      return false
    }
    let source = try builder.read(site.input, as: layout)
    let result = builder.newOperand(layout)
    builder.emit(
      site.name, "forward", kernels.forward,
      [Argument(DNNL_ARG_SRC, source), Argument(DNNL_ARG_DST, result)])
    builder.define(site, result, needsGradient: site.input.needsGradient)
    guard let backward = kernels.backward else { return true }
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value)
      else { return }
      let target = builder.newOperand(layout)
      builder.emit(
        site.name, "backward", backward,
        [
          Argument(DNNL_ARG_DST, result), Argument(DNNL_ARG_DIFF_DST, gradient.operand),
          Argument(DNNL_ARG_DIFF_SRC, target),
        ])
      try builder.contribute(site.input, target, owned: true)
    }
    return true
  }
}
