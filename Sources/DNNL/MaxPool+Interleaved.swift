import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension PlanBuilder {
  /// Appends a max pool over interleaved images and tapes its gradient; false for other layouts and windows.
  ///
  /// The result stays interleaved if only convolutions read it; else it is laid out plainly.
  func lowerInterleavedPool(_ site: Site, _ window: Window) throws(ExecutionError) -> Bool {
    let source = site.input.operand
    guard Fusions.isInterleavable(window), source.layout.type == .f32,
      source.layout.dimensions == site.input.shape.dimensions, site.shape.rank == 4,
      try source.layout.equals(.interleaved(source.layout.dimensions))
    else { return false }
    let pooled = try newOperand(.interleaved(site.shape.dimensions))
    let shape = interleavedPool(site, window)
    emit(site.name, "forward", "native:interleaved", [source.region, pooled.region]) {
      unsafe withUnsafePointer(to: shape) { shape in
        unsafe condense_interleaved_pool_forward(shape, source.region.floats, pooled.region.floats)
      }
    }
    var result = pooled
    if !fusions.feedsOnlyConvolutions(site.result) {
      result = try newOperand(.plain(site.shape.dimensions, .f32))
      try reorder(pooled, to: result, site.name)
    }
    define(site, result, needsGradient: site.input.needsGradient)
    let masks = fusions.masksAfterPooling(site.input.name)
    site.input.isMasked = masks
    backward { () throws(ExecutionError) in
      guard let value = self.values[site.result], value.needsGradient,
        let gradient = try self.gradient(of: value, mask: masks ? result : nil, as: pooled.layout)?.operand
      else { return }
      let target = self.newOperand(source.layout)
      let touched = [source.region, pooled.region, gradient.region, target.region]
      self.emit(site.name, "backward", "native:interleaved", touched) {
        unsafe withUnsafePointer(to: shape) { shape in
          unsafe condense_interleaved_pool_backward(
            shape, source.region.floats, pooled.region.floats, gradient.region.floats, target.region.floats)
        }
      }
      try self.contribute(site.input, target, owned: true)
    }
    return true
  }

  private func interleavedPool(_ site: Site, _ window: Window) -> condense_interleaved_pool {
    condense_interleaved_pool(
      planes: Int64((site.shape[0] + 15) / 16 * site.shape[1]), height: Int64(site.input.shape[2]),
      width: Int64(site.input.shape[3]), out_height: Int64(site.shape[2]), out_width: Int64(site.shape[3]),
      kernel_height: Int64(window.kernel.height), kernel_width: Int64(window.kernel.width),
      stride_height: Int64(window.stride.height), stride_width: Int64(window.stride.width),
      threads: Int32(options.threads))
  }
}
