import CDNNL
import Execution
import Graphs
import Ops
import Tensors

/// The memory of a native batch norm, whose addresses its kernels read when they run.
private struct NativeNorm {
  let shape: condense_norm
  let scale, shift, mean, inverse, runningMean, runningVariance, scratch: Region
  var scaleGradient: Region?
  var shiftGradient: Region?

  var regions: [Region] { [scale, shift, mean, inverse, runningMean, runningVariance, scratch] }

  @unsafe func state() -> condense_norm_state {
    unsafe condense_norm_state(
      scale: floats(scale), shift: floats(shift), mean: floats(mean), inverse: floats(inverse),
      running_mean: floats(runningMean), running_variance: floats(runningVariance),
      scale_gradient: scaleGradient.flatMap { unsafe floats($0) },
      shift_gradient: shiftGradient.flatMap { unsafe floats($0) })
  }

  @unsafe func floats(_ region: Region) -> UnsafeMutablePointer<Float>? {
    unsafe region.address?.assumingMemoryBound(to: Float.self)
  }
}

extension BatchNorm {
  /// Lowers to native kernels, which fuse a following sum and ReLU and the sums of arriving gradients.
  ///
  /// False if channels lie neither in blocks of 16 nor last. Memory bounds the speed of a batch norm: these
  /// kernels pass over it five times in a step, oneDNN's six times and a mask, and fusing saves further
  /// passes. For channels that lie last and do not fill blocks, oneDNN has a reference kernel alone.
  func lowerNative(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let source = site.input.operand
    let dimensions = source.layout.dimensions
    guard dimensions.count == 4, site.shape.rank == 4 else { return false }
    let isLast = try source.layout.equals(.channelsLast(dimensions, source.layout.type))
    let isBlocked = try source.layout.equals(.blocked(dimensions, source.layout.type))
    guard isLast || isBlocked else { return false }
    let norm = try nativeNorm(site, builder, source.layout, isLast)
    let residual = try site.residual.map { value throws(ExecutionError) in
      try builder.read(value, as: source.layout).region
    }
    let result = builder.newOperand(source.layout)
    let touched = norm.regions + [source.region, result.region] + (residual.map { [$0] } ?? [])
    let shape = norm.shape
    builder.emit(site.name, "forward", residual == nil ? "native:norm" : "native:norm and add", touched) {
      unsafe withUnsafePointer(to: shape) { shape in
        unsafe withUnsafePointer(to: norm.state()) { state in
          unsafe condense_norm_forward(
            shape, state, source.region.address, residual?.address, result.region.address,
            norm.floats(norm.scratch))
        }
      }
    }
    builder.define(site, result, needsGradient: true)
    builder.backward { () throws(ExecutionError) in try backwardNative(site, builder, norm, result) }
    return true
  }

  private func nativeNorm(
    _ site: Site, _ builder: PlanBuilder, _ layout: Layout, _ isLast: Bool
  ) throws(ExecutionError) -> NativeNorm {
    let channels = try Layout.plain([site.shape[1]], .f32)
    var shape = condense_norm()
    shape.images = Int64(site.shape[0])
    shape.channels = Int64(site.shape[1])
    shape.pixels = Int64(site.shape.spatialCount)
    shape.epsilon = epsilon
    shape.momentum = momentum
    shape.relu = site.fusesReLU ? 1 : 0
    shape.bf16 = layout.type == .bf16 ? 1 : 0
    shape.threads = Int32(builder.options.threads)
    shape.channels_last = isLast ? 1 : 0
    let scratch = try unsafe Layout.plain([Int(condense_norm_scratch(&shape))], .f32)
    return try NativeNorm(
      shape: shape, scale: builder.kernelCopy(site.node, .scale, channels).region,
      shift: builder.kernelCopy(site.node, .shift, channels).region, mean: builder.newRegion(channels),
      inverse: builder.newRegion(channels), runningMean: builder.declare(site.node, .mean, channels).region,
      runningVariance: builder.declare(site.node, .variance, channels).region,
      scratch: builder.newRegion(scratch))
  }

  private func backwardNative(
    _ site: Site, _ builder: PlanBuilder, _ forward: NativeNorm, _ result: Operand
  ) throws(ExecutionError) {
    guard let value = builder.values[site.result] else { return }
    let arriving = try builder.arriving(at: value)
    guard let first = arriving.first else { return }
    let layout = site.input.operand.layout
    let channels = try Layout.plain([site.shape[1]], .f32)
    var norm = forward
    let owned = arriving.first(where: \.isOwned)?.operand
    // A residual needs the arriving gradient, so it is kept; a single one without a mask is kept as it is.
    let needsSum = site.residual?.needsGradient == true && (arriving.count > 1 || site.fusesReLU)
    let sum = needsSum ? owned ?? builder.newOperand(layout) : nil
    let keepsFirst = site.residual != nil
    let target = keepsFirst ? builder.newOperand(layout) : owned ?? builder.newOperand(layout)
    try builder.withGradient(site.node, .scale, channels) { scale throws(ExecutionError) in
      try builder.withGradient(site.node, .shift, channels) { shift throws(ExecutionError) in
        norm.scaleGradient = scale.region
        norm.shiftGradient = shift.region
        emitBackward(
          site, builder, norm, arriving, mask: site.residual == nil ? nil : result, sum: sum, to: target)
      }
    }
    if let residual = site.residual {
      try builder.contribute(residual, sum ?? first.operand, owned: sum != nil || first.isOwned)
    }
    try builder.contribute(site.input, target, owned: true)
  }

  private func emitBackward(
    _ site: Site, _ builder: PlanBuilder, _ norm: NativeNorm, _ arriving: [Contribution], mask: Operand?,
    sum: Operand?, to target: Operand
  ) {
    let source = site.input.operand.region
    let first = arriving[0].operand.region
    let second = arriving.count > 1 ? arriving[1].operand.region : nil
    let shape = norm.shape
    let mask = site.fusesReLU ? mask?.region : nil
    var touched = norm.regions + [source, first, target.region]
    for region in [second, mask, sum?.region, norm.scaleGradient, norm.shiftGradient] {
      if let region { touched.append(region) }
    }
    builder.emit(site.name, "backward", "native:norm", touched) {
      unsafe withUnsafePointer(to: shape) { shape in
        unsafe withUnsafePointer(to: norm.state()) { state in
          unsafe condense_norm_backward(
            shape, state, source.address, first.address, second?.address, mask?.address, sum?.region.address,
            target.region.address, norm.floats(norm.scratch))
        }
      }
    }
  }
}
