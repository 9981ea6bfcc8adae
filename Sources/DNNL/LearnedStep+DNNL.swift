import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension LearnedStep: DNNLOp {
  /// Works in the value's layout: the zeros that pad it stay zero on every grid.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let source = site.input.operand
    let result = builder.newOperand(source.layout)
    let one = try Layout.plain([1], .f32)
    let step = try builder.kernelCopy(site.node, .step, one).region
    let (low, high) = (Float(-below), Float(above))
    let elements = Int64(source.layout.elementCount)
    let bf16: Int32 = source.layout.type == .bf16 ? 1 : 0
    let threads = Int32(builder.options.threads)
    let regions = [source.region, step, result.region]
    builder.emit(site.name, "forward", "native:learned-step", regions) {
      unsafe condense_learned_step(
        result.region.address, source.region.address, step.floats, low, high, elements, bf16, threads)
    }
    builder.define(site, result, needsGradient: builder.isTraining)
    let scale = gradientScale(site.shape)
    let rounds: Int32 = rule == .rounding ? 1 : 0
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value)
      else { return }
      let target = gradient.isOwned ? gradient.operand : builder.newOperand(source.layout)
      let sums = builder.newRegion(try .plain([Int(threads) * 2], .f32))
      try builder.withGradient(site.node, .step, one) { byStep in
        let regions = [gradient.operand.region, source.region, step, target.region, byStep.region, sums]
        builder.emit(site.name, "backward", "native:learned-step", regions) {
          unsafe condense_learned_step_gradients(
            target.region.address, byStep.region.floats, gradient.operand.region.address,
            source.region.address, step.floats, low, high, rounds, scale, sums.doubles, elements, bf16,
            threads)
        }
      }
      try builder.contribute(site.input, target, owned: true)
    }
    return true
  }
}

extension Region {
  /// The memory as doubles.
  @unsafe fileprivate var doubles: UnsafeMutablePointer<Double>? {
    unsafe address?.assumingMemoryBound(to: Double.self)
  }
}
