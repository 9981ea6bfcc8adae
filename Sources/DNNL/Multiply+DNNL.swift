import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Multiply: DNNLOp {
  /// Works row-major in 32 bits, whatever the layouts of the operands.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let (first, second) = (site.inputs[0], site.inputs[1])
    let layout = try Layout.plain(first.shape.dimensions, .f32)
    let repeated = try Layout.plain(second.shape.dimensions, .f32)
    let a = try builder.read(first, as: layout)
    let b = try builder.read(second, as: repeated)
    let result = builder.newOperand(layout)
    let product = Product(site, threads: builder.options.threads)
    builder.emit(site.name, "forward", "native:multiply", [a.region, b.region, result.region]) {
      product.multiply(a.region, b.region, to: result.region)
    }
    builder.define(site, result, needsGradient: first.needsGradient || second.needsGradient)
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value, as: layout)?.operand
      else { return }
      if first.needsGradient {
        let target = builder.newOperand(layout)
        builder.emit(
          site.name, "backward", "native:multiply", [gradient.region, b.region, target.region]
        ) { product.multiply(gradient.region, b.region, to: target.region) }
        try builder.contribute(first, target, owned: true)
      }
      if second.needsGradient {
        let target = builder.newOperand(repeated)
        builder.emit(
          site.name, "backward", "native:multiply and sum", [gradient.region, a.region, target.region]
        ) { product.multiplyAndSum(gradient.region, a.region, to: target.region) }
        try builder.contribute(second, target, owned: true)
      }
    }
    return true
  }
}

/// The extents of a product, and the repetition of its second factor.
private struct Product {
  let items, channels, pixels: Int64
  let repetition: condense_repeat
  let threads: Int32

  init(_ site: Site, threads: Int) {
    let (first, second) = (site.inputs[0].shape, site.inputs[1].shape)
    items = Int64(first[0])
    channels = Int64(first[1])
    pixels = Int64(first.spatialCount)
    repetition =
      first == second
      ? CONDENSE_REPEAT_NOT : second[1] == first[1] ? CONDENSE_REPEAT_PIXELS : CONDENSE_REPEAT_CHANNELS
    self.threads = Int32(threads)
  }

  func multiply(_ a: Region, _ b: Region, to target: Region) {
    unsafe condense_multiply(
      target.floats, a.floats, b.floats, repetition, items, channels, pixels, threads)
  }

  /// Multiplies, and sums over the elements for which the second factor is repeated.
  func multiplyAndSum(_ a: Region, _ b: Region, to target: Region) {
    unsafe condense_multiply_sum(
      target.floats, a.floats, b.floats, repetition, items, channels, pixels, threads)
  }
}
