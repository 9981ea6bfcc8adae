import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension BatchNorm: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    guard builder.isTraining, site.input.shape.rank == 4, site.input.operand.layout.dimensions.count == 4 else {
      return false
    }
    let layout = site.input.operand.layout
    let channels = try Layout.plain([site.shape[1]], .f32)
    let fuses: Int32 = site.fusesReLU ? 1 : 0
    let forward = unsafe try Descriptor("condense_batch_norm", node: site.name) { handle, attributes in
      unsafe condense_batch_norm(
        &handle, builder.device.engine, CONDENSE_TRAINING, layout.handle, epsilon, fuses, attributes, nil)
    }
    let backward = unsafe try Descriptor("condense_batch_norm", node: site.name) { handle, attributes in
      unsafe condense_batch_norm(
        &handle, builder.device.engine, CONDENSE_BACKWARD, layout.handle, epsilon, fuses, attributes,
        forward.handle)
    }
    let scale = try builder.declare(site.node, "scale", channels)
    let shift = try builder.declare(site.node, "shift", channels)
    let mean = builder.newOperand(channels)
    let variance = builder.newOperand(channels)
    let result = builder.newOperand(layout)
    var shared = [Argument(DNNL_ARG_MEAN, mean), Argument(DNNL_ARG_VARIANCE, variance)]
    if let mask = try Layout.query(forward, dnnl_query_workspace_md, layout.dimensions, .f32) {
      shared.append(Argument(DNNL_ARG_WORKSPACE, builder.newOperand(mask)))
    }
    shared += [Argument(DNNL_ARG_SRC, site.input.operand), Argument(DNNL_ARG_SCALE, scale)]
    shared.append(Argument(DNNL_ARG_SHIFT, shift))
    builder.emit(
      site.name, "forward", forward,
      shared + [Argument(DNNL_ARG_DST, result)])
    try updateStatistics(site, builder, mean, variance)
    builder.define(site, result, needsGradient: true)
    builder.undo { () throws(ExecutionError) in
      guard let value = builder.values[site.result], let gradient = try builder.gradient(of: value) else { return }
      let target = gradient.isOwned ? gradient.operand : builder.newOperand(layout)
      try builder.withGradient(site.node, "scale", channels) { scale throws(ExecutionError) in
        try builder.withGradient(site.node, "shift", channels) { shift throws(ExecutionError) in
          builder.emit(
            site.name, "backward", backward,
            shared + [
              Argument(DNNL_ARG_DIFF_DST, gradient.operand), Argument(DNNL_ARG_DIFF_SRC, target),
              Argument(DNNL_ARG_DIFF_SCALE, scale), Argument(DNNL_ARG_DIFF_SHIFT, shift),
            ])
        }
      }
      try builder.contribute(site.input, target, owned: true)
    }
    return true
  }

  /// Moves the running statistics towards the batch's; the running variance is unbiased.
  private func updateStatistics(
    _ site: Site, _ builder: PlanBuilder, _ mean: Operand, _ variance: Operand
  ) throws(ExecutionError) {
    let layout = try Layout.plain([site.shape[1]], .f32)
    let runningMean = try builder.declare(site.node, "mean", layout).region
    let runningVariance = try builder.declare(site.node, "variance", layout).region
    let count = Float(site.shape[0] * site.shape.spatialCount)
    let unbiased = count > 1 ? count / (count - 1) : 1
    let channels = Int64(site.shape[1])
    let momentum = momentum
    let regions = [mean.region, variance.region, runningMean, runningVariance]
    builder.emit(site.name, "statistics", "native:running", regions) {
      unsafe condense_running(
        runningMean.address?.assumingMemoryBound(to: Float.self),
        mean.region.address?.assumingMemoryBound(to: Float.self), momentum, 1, channels)
      unsafe condense_running(
        runningVariance.address?.assumingMemoryBound(to: Float.self),
        variance.region.address?.assumingMemoryBound(to: Float.self), momentum, unbiased, channels)
    }
  }
}
