import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension MaxPool: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitPool(site, CONDENSE_POOL_MAX, window)
  }
}

extension GlobalAveragePool: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let plane = Extent(site.input.shape[2], site.input.shape[3])
    return try builder.emitPool(site, CONDENSE_POOL_MEAN_OF_ALL, Window(kernel: plane, stride: plane))
  }
}

extension AveragePool: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitPool(
      site, countsPadding ? CONDENSE_POOL_MEAN_OF_ALL : CONDENSE_POOL_MEAN_OF_INSIDE, window)
  }
}

extension PlanBuilder {
  /// Appends a pool and tapes its gradient; false if oneDNN refuses the window.
  func emitPool(_ site: Site, _ pool: condense_pool, _ window: Window) throws(ExecutionError) -> Bool {
    if pool == CONDENSE_POOL_MAX, try lowerInterleavedPool(site, window) { return true }
    let source = site.input.operand
    guard source.layout.dimensions.count == 4 else { return false }
    let target = try Layout.any(site.shape.dimensions, source.layout.type)
    func descriptor(
      _ pass: condense_pass, _ destination: Layout, _ hint: Descriptor?
    ) throws(ExecutionError) -> Descriptor {
      unsafe try Descriptor("condense_pooling", node: site.name) { handle, attributes in
        unsafe condense_pooling(
          &handle, device.engine, pass, pool, source.layout.handle, destination.handle,
          [Int64(window.stride.height), Int64(window.stride.width)],
          [Int64(window.kernel.height), Int64(window.kernel.width)],
          [Int64(window.padding.height), Int64(window.padding.width)],
          [Int64(window.endPadding.height), Int64(window.endPadding.width)], attributes, hint?.handle)
      }
    }
    let forward: Descriptor
    do throws(ExecutionError) {
      forward = try descriptor(isTraining ? CONDENSE_TRAINING : CONDENSE_INFERENCE, target, nil)
    } catch {
      return false
    }
    let layout = try Layout.chosen(forward, dnnl_query_dst_md, site.shape.dimensions, source.layout.type)
    let result = newOperand(layout)
    var workspace: [Argument] = []
    if let chosen = try Layout.query(forward, dnnl_query_workspace_md, site.shape.dimensions, .f32) {
      workspace.append(Argument(DNNL_ARG_WORKSPACE, newOperand(chosen)))
    }
    emit(
      site.name, "forward", forward,
      [Argument(DNNL_ARG_SRC, source), Argument(DNNL_ARG_DST, result)] + workspace)
    define(site, result, needsGradient: site.input.needsGradient)
    guard isTraining, site.input.needsGradient else { return true }
    let backward = try descriptor(CONDENSE_BACKWARD_DATA, layout, forward)
    let masks = pool == CONDENSE_POOL_MAX && fusions.masksAfterPooling(site.input.name)
    site.input.isMasked = masks
    self.backward { () throws(ExecutionError) in
      guard let value = self.values[site.result],
        let gradient = try self.gradient(of: value, mask: masks ? result : nil)
      else { return }
      let target = self.newOperand(source.layout)
      self.emit(
        site.name, "backward", backward,
        [Argument(DNNL_ARG_DIFF_DST, gradient.operand), Argument(DNNL_ARG_DIFF_SRC, target)] + workspace)
      try self.contribute(site.input, target, owned: true)
    }
    return true
  }
}
