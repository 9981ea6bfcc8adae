import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension BatchNorm: DNNLOp {
  static func fusesReLU(_ output: Shape) -> Bool { isNative(output) }

  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    guard Self.isNative(site.shape) else { return false }
    if !builder.isTraining {
      try lowerInference(site, builder)
    } else if try !lowerNative(site, builder) {
      try lowerTraining(site, builder)
    }
    return true
  }

  /// True for images and features; other ranks run the reference kernel.
  static func isNative(_ shape: Shape) -> Bool { shape.rank == 4 || shape.rank == 2 }

  /// The input under four axes, where features are images of one pixel.
  private func image(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Operand {
    guard site.shape.rank == 2 else { return site.input.operand }
    let plain = try builder.read(
      site.input, as: Layout.plain(site.shape.dimensions, site.input.operand.layout.type))
    return try plain.viewed(site.shape.dimensions + [1, 1])
  }

  private func descriptor(
    _ site: Site, _ builder: PlanBuilder, _ pass: condense_pass, _ layout: Layout, _ hint: Descriptor? = nil
  ) throws(ExecutionError) -> Descriptor {
    try unsafe Descriptor("condense_batch_norm", node: site.name) { handle, attributes in
      unsafe condense_batch_norm(
        &handle, builder.device.engine, pass, layout.handle, epsilon,
        site.fusesReLU && site.residual == nil ? 1 : 0, attributes, hint?.handle)
    }
  }

  private func lowerInference(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) {
    let source = try image(site, builder)
    let kernel = try descriptor(site, builder, CONDENSE_INFERENCE, source.layout)
    let channels = try Layout.plain([site.shape[1]], .f32)
    let result = builder.newOperand(source.layout)
    var arguments = [Argument(DNNL_ARG_SRC, source), Argument(DNNL_ARG_DST, result)]
    for (role, index) in [
      (ParameterRole.scale, DNNL_ARG_SCALE), (.shift, DNNL_ARG_SHIFT), (.mean, DNNL_ARG_MEAN),
      (.variance, DNNL_ARG_VARIANCE),
    ] {
      arguments.append(Argument(index, try builder.kernelCopy(site.node, role, channels)))
    }
    builder.emit(site.name, "forward", kernel, arguments)
    builder.define(site, try result.viewed(flattening: site.shape), needsGradient: false)
  }

  private func lowerTraining(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) {
    let source = try image(site, builder)
    let layout = source.layout
    let forward = try descriptor(site, builder, CONDENSE_TRAINING, layout)
    let backward = try descriptor(site, builder, CONDENSE_BACKWARD, layout, forward)
    let channels = try Layout.plain([site.shape[1]], .f32)
    let mean = builder.newOperand(channels)
    let variance = builder.newOperand(channels)
    let result = builder.newOperand(layout)
    var shared = [
      Argument(DNNL_ARG_MEAN, mean), Argument(DNNL_ARG_VARIANCE, variance), Argument(DNNL_ARG_SRC, source),
      Argument(DNNL_ARG_SCALE, try builder.kernelCopy(site.node, .scale, channels)),
      Argument(DNNL_ARG_SHIFT, try builder.kernelCopy(site.node, .shift, channels)),
    ]
    if let mask = try Layout.query(forward, dnnl_query_workspace_md, layout.dimensions, .f32) {
      shared.append(Argument(DNNL_ARG_WORKSPACE, builder.newOperand(mask)))
    }
    builder.emit(site.name, "forward", forward, shared + [Argument(DNNL_ARG_DST, result)])
    try updateStatistics(site, builder, mean, variance)
    var output = try result.viewed(flattening: site.shape)
    if let residual = site.residual {
      let other = try builder.read(residual, as: layout)
      output = builder.newOperand(layout)
      builder.emitAddition(site, result, other, to: output, relu: site.fusesReLU)
    }
    builder.define(site, output, needsGradient: true)
    builder.backward { () throws(ExecutionError) in
      let mask = site.residual != nil && site.fusesReLU ? output : nil
      guard let value = builder.values[site.result], var sum = try builder.gradient(of: value, mask: mask)
      else { return }
      if let residual = site.residual {
        try builder.contribute(residual, sum.operand, owned: false)
        sum = Contribution(operand: sum.operand, isOwned: false)
      }
      let gradient = try sum.operand.viewed(layout.dimensions)
      let target = sum.isOwned ? gradient : builder.newOperand(layout)
      try builder.withGradient(site.node, .scale, channels) { scale throws(ExecutionError) in
        try builder.withGradient(site.node, .shift, channels) { shift throws(ExecutionError) in
          builder.emit(
            site.name, "backward", backward,
            shared + [
              Argument(DNNL_ARG_DIFF_DST, gradient), Argument(DNNL_ARG_DIFF_SRC, target),
              Argument(DNNL_ARG_DIFF_SCALE, scale), Argument(DNNL_ARG_DIFF_SHIFT, shift),
            ])
        }
      }
      try builder.contribute(site.input, target.viewed(flattening: site.shape), owned: true)
    }
  }

  /// Moves the running statistics towards the batch's; the running variance is unbiased.
  private func updateStatistics(
    _ site: Site, _ builder: PlanBuilder, _ mean: Operand, _ variance: Operand
  ) throws(ExecutionError) {
    let layout = try Layout.plain([site.shape[1]], .f32)
    let runningMean = try builder.declare(site.node, .mean, layout).region
    let runningVariance = try builder.declare(site.node, .variance, layout).region
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

extension Operand {
  /// The same memory under the axes of a shape; an image of one pixel becomes features.
  fileprivate func viewed(flattening shape: Shape) throws(ExecutionError) -> Operand {
    shape.rank == 2 ? try viewed(shape.dimensions) : self
  }
}
