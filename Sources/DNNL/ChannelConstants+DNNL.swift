import Execution
import Graphs
import Ops
import Tensors

extension ChannelConstants: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let plain = try Layout.plain([channels], .f32)
    let bias = try builder.kernelCopy(site.node, .bias, plain).region
    let result = try builder.newOperand(.plain(site.shape.dimensions, .f32))
    let (items, channels) = (site.shape[0], channels)
    builder.emit(site.name, "forward", "native:channel-constants", [bias, result.region]) {
      guard let numbers = unsafe bias.floats, let output = unsafe result.region.floats else { return }
      for i in 0..<items * channels { unsafe output[i] = numbers[i % channels] }
    }
    builder.define(site, result, needsGradient: true)
    builder.backward { () throws(ExecutionError) in
      let layout = try Layout.plain(site.shape.dimensions, .f32)
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value, as: layout)?.operand.region
      else { return }
      let target = builder.newOperand(plain)
      builder.emit(site.name, "backward", "native:channel-constants", [gradient, target.region]) {
        guard let slopes = unsafe gradient.floats, let sums = unsafe target.region.floats else { return }
        for c in 0..<channels {
          var sum: Float = 0
          for n in 0..<items { unsafe sum += slopes[n * channels + c] }
          unsafe sums[c] = sum
        }
      }
      try builder.withGradient(site.node, .bias, plain) { gradient throws(ExecutionError) in
        try builder.reorder(target, to: gradient, site.name)
      }
    }
    return true
  }
}
