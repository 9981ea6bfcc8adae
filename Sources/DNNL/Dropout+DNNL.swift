import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Dropout: DNNLOp {
  /// Works row-major in 32 bits, as an element's draw depends on its position; inference copies nothing.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    guard builder.isTraining else {
      builder.define(site, site.input.operand, needsGradient: false)
      return true
    }
    let layout = try Layout.plain(site.shape.dimensions, .f32)
    let source = try builder.read(site.input, as: layout)
    let result = builder.newOperand(layout)
    let factors = builder.newRegion(layout)
    emitMasked(site, builder, source.region, factors, to: result.region)
    builder.define(site, result, needsGradient: site.input.needsGradient)
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value, as: layout)
      else { return }
      let target = gradient.isOwned ? gradient.operand : builder.newOperand(layout)
      let (items, elements) = (Int64(site.shape[0]), Int64(site.shape.count / site.shape[0]))
      let threads = Int32(builder.options.threads)
      let touched = [gradient.operand.region, factors, target.region]
      builder.emit(site.name, "backward", "native:dropout", touched) {
        unsafe condense_multiply(
          target.region.floats, gradient.operand.region.floats, factors.floats, CONDENSE_REPEAT_NOT,
          items, 1, elements, threads)
      }
      try builder.contribute(site.input, target, owned: true)
    }
    return true
  }

  /// Multiplies every element by its factor, 0 or 1/(1 - rate), and keeps the factors for the gradient.
  private func emitMasked(
    _ site: Site, _ builder: PlanBuilder, _ source: Region, _ factors: Region, to result: Region
  ) {
    let (rate, threads, step) = (rate, builder.options.threads, builder.step)
    let (count, name) = (site.shape.count, site.name)
    let loop = TeamLoop { chunk in
      guard let x = unsafe source.floats, let factor = unsafe factors.floats, let y = unsafe result.floats
      else { return }
      let random = nodeStream(key: step.key, node: name)
      let kept = 1 / (1 - rate)
      for i in chunk {
        let each = random.uniform(at: i) >= rate ? kept : 0
        unsafe factor[i] = each
        unsafe y[i] = x[i] * each
      }
    }
    builder.emit(name, "forward", "native:dropout", [source, factors, result]) {
      loop.run(count, threads: threads)
    }
  }
}
