import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Conv2D {
  /// True if the native kernels, which put one image in each lane, are faster than oneDNN's.
  ///
  /// They are for channels that do not fill blocks of 16, for batches that do, and before a max pool that
  /// keeps the layout. Measured on one core with AVX-512, LeNet-5's two convolutions run at 106-117 GFLOP/s
  /// forwards and backwards, which is the core's peak; oneDNN's run at 50-57 in blocks of 16 channels, and at
  /// 70-85 with channels last.
  func prefersInterleaving(_ site: Site, _ builder: PlanBuilder) -> Bool {
    let batch = site.shape[0]
    let padded = (batch + 15) / 16 * 16
    guard builder.type == .f32, stride == 1, dilation == 1, !window.isPadded, groups == 1,
      kernel.width == 3 || kernel.width == 5, kernel.height <= 7, 4 * batch >= 3 * padded,
      Arrangement.preferred(self, site) == .channelsLast
    else { return false }
    return builder.fusions.feedsOnlyMaxPool(site.result)
  }

  func lowerInterleaved(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) {
    let source = try builder.read(site.input, as: .interleaved(site.input.shape.dimensions))
    let weightLayout = try Layout.plain(
      [filters, site.input.shape[1], kernel.height, kernel.width], .f32)
    let biasLayout = try Layout.plain([filters], .f32)
    let weights = try builder.kernelCopy(site.node, .weight, weightLayout)
    let bias = self.bias ? try builder.kernelCopy(site.node, .bias, biasLayout).region : nil
    let result = try builder.newOperand(.interleaved(site.shape.dimensions))
    let shape = interleavedShape(site, builder)
    let relu: Int32 = site.fusesReLU ? 1 : 0
    let touched = [source.region, weights.region, result.region] + (bias.map { [$0] } ?? [])
    builder.emit(site.name, "forward", "native:interleaved", touched) {
      unsafe withUnsafePointer(to: shape) { shape in
        unsafe condense_interleaved_forward(
          shape, source.region.floats, weights.region.floats, bias?.floats, relu, result.region.floats)
      }
    }
    builder.define(site, result, needsGradient: true)
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result],
        let gradient = try builder.gradient(of: value, mask: site.fusesReLU ? result : nil)?.operand
      else { return }
      try backwardInputs(site, builder, shape, gradient, weights)
      try backwardWeights(site, builder, shape, gradient, source, weightLayout, biasLayout)
    }
  }

  private func interleavedShape(_ site: Site, _ builder: PlanBuilder) -> condense_interleaved {
    condense_interleaved(
      groups: Int64((site.shape[0] + 15) / 16), channels: Int64(site.input.shape[1]),
      height: Int64(site.input.shape[2]), width: Int64(site.input.shape[3]), filters: Int64(filters),
      kernel_height: Int64(kernel.height), kernel_width: Int64(kernel.width),
      out_height: Int64(site.shape[2]),
      out_width: Int64(site.shape[3]), threads: Int32(builder.options.threads))
  }

  private func backwardInputs(
    _ site: Site, _ builder: PlanBuilder, _ shape: condense_interleaved, _ gradient: Operand,
    _ weights: Operand
  ) throws(ExecutionError) {
    guard site.input.needsGradient else { return }
    let target = try builder.newOperand(.interleaved(site.input.shape.dimensions))
    let touched = [gradient.region, weights.region, target.region]
    builder.emit(site.name, "backward-data", "native:interleaved", touched) {
      unsafe withUnsafePointer(to: shape) { shape in
        unsafe condense_interleaved_backward(
          shape, gradient.region.floats, weights.region.floats, target.region.floats)
      }
    }
    try builder.contribute(site.input, target, owned: true)
  }

  private func backwardWeights(
    _ site: Site, _ builder: PlanBuilder, _ shape: condense_interleaved, _ gradient: Operand,
    _ source: Operand,
    _ weightLayout: Layout, _ biasLayout: Layout
  ) throws(ExecutionError) {
    let scratch = unsafe try withUnsafePointer(to: shape) { shape throws(ExecutionError) in
      try unsafe builder.newRegion(.plain([Int(condense_interleaved_scratch(shape))], .f32))
    }
    try builder.withGradient(site.node, .weight, weightLayout) { weights throws(ExecutionError) in
      func emit(_ bias: Region?) {
        let touched = [source.region, gradient.region, weights.region, scratch] + (bias.map { [$0] } ?? [])
        builder.emit(site.name, "backward-weights", "native:interleaved", touched) {
          unsafe withUnsafePointer(to: shape) { shape in
            unsafe condense_interleaved_weights(
              shape, source.region.floats, gradient.region.floats, weights.region.floats, bias?.floats,
              scratch.floats)
          }
        }
      }
      guard bias else { return emit(nil) }
      try builder.withGradient(site.node, .bias, biasLayout) { emit($0.region) }
    }
  }
}

extension Region {
  /// The memory as floats.
  @unsafe var floats: UnsafeMutablePointer<Float>? { unsafe address?.assumingMemoryBound(to: Float.self) }
}
