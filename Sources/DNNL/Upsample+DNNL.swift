import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Upsample: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let source = site.input.operand
    guard source.layout.dimensions.count == 4 else { return false }
    let kind = mode == .nearest ? CONDENSE_NEAREST : CONDENSE_LINEAR
    func descriptor(
      _ pass: condense_pass, _ destination: Layout, _ hint: Descriptor?
    ) throws(ExecutionError) -> Descriptor {
      unsafe try Descriptor("condense_resampling", node: site.name) { handle, attributes in
        unsafe condense_resampling(
          &handle, builder.device.engine, pass, kind, source.layout.handle, destination.handle, attributes,
          hint?.handle)
      }
    }
    let type = source.layout.type
    let kernels: (forward: Descriptor, backward: Descriptor?)
    let layout: Layout
    do throws(ExecutionError) {
      let forward = try descriptor(
        builder.isTraining ? CONDENSE_TRAINING : CONDENSE_INFERENCE, .any(site.shape.dimensions, type), nil)
      layout = try .chosen(forward, dnnl_query_dst_md, site.shape.dimensions, type)
      let needsGradient = builder.isTraining && site.input.needsGradient
      kernels = (forward, needsGradient ? try descriptor(CONDENSE_BACKWARD, layout, forward) : nil)
    } catch {
      return false
    }
    let result = builder.newOperand(layout)
    builder.emit(
      site.name, "forward", kernels.forward,
      [Argument(DNNL_ARG_SRC, source), Argument(DNNL_ARG_DST, result)])
    builder.define(site, result, needsGradient: site.input.needsGradient)
    guard let backward = kernels.backward else { return true }
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], let gradient = try builder.gradient(of: value) else {
        return
      }
      let target = builder.newOperand(source.layout)
      builder.emit(
        site.name, "backward", backward,
        [Argument(DNNL_ARG_DIFF_DST, gradient.operand), Argument(DNNL_ARG_DIFF_SRC, target)])
      try builder.contribute(site.input, target, owned: true)
    }
    return true
  }
}
