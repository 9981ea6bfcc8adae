import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension ReLU: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let source = site.input.operand
    let kernel = unsafe try Descriptor("condense_eltwise", node: site.name) { handle, attributes in
      unsafe condense_eltwise(
        &handle, builder.device.engine, CONDENSE_INFERENCE, source.layout.handle, CONDENSE_RELU, 0, 0,
        attributes, nil)
    }
    let result = builder.newOperand(source.layout)
    builder.emit(
      site.name, "forward", kernel, [Argument(DNNL_ARG_SRC, source), Argument(DNNL_ARG_DST, result)])
    builder.define(site, result, needsGradient: site.input.needsGradient)
    builder.undo { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value, mask: result)
      else { return }
      try builder.contribute(site.input, gradient.operand, owned: gradient.isOwned)
    }
    return true
  }
}
