import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension GaussianSample: DNNLOp {
  /// Works row-major in 32 bits, as a draw depends on its element's position; inference returns the means.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    guard builder.isTraining else {
      builder.define(site, site.input.operand, needsGradient: false)
      return true
    }
    let layout = try Layout.plain(site.shape.dimensions, .f32)
    let mean = try builder.read(site.inputs[0], as: layout).region
    let variance = try builder.read(site.inputs[1], as: layout).region
    let result = builder.newOperand(layout)
    let slopes = builder.newRegion(layout)
    let (step, name, epsilon) = (builder.step, site.name, epsilon)
    let (count, threads) = (Int64(site.shape.count), Int32(builder.options.threads))
    builder.emit(name, "forward", "native:gaussian-sample", [mean, variance, result.region, slopes]) {
      let key = nodeStream(key: step.key, node: name).key
      unsafe condense_gaussian_sample(
        result.region.floats, slopes.floats, mean.floats, variance.floats, epsilon, key, count, threads)
    }
    builder.define(site, result, needsGradient: site.inputs.contains { $0.needsGradient })
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value, as: layout)?.operand
      else { return }
      let byVariance = builder.newOperand(layout)
      let (items, elements) = (Int64(site.shape[0]), count / Int64(site.shape[0]))
      let regions = [gradient.region, slopes, byVariance.region]
      builder.emit(name, "backward", "native:gaussian-sample", regions) {
        unsafe condense_multiply(
          byVariance.region.floats, gradient.region.floats, slopes.floats, CONDENSE_REPEAT_NOT, items, 1,
          elements, threads)
      }
      try builder.contribute(site.inputs[0], gradient, owned: false)
      try builder.contribute(site.inputs[1], byVariance, owned: true)
    }
    return true
  }
}
