import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension ChannelShuffle: DNNLOp {
  /// Moves whole planes, row-major.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let layout = try Layout.plain(site.shape.dimensions, site.input.operand.layout.type)
    let source = try builder.read(site.input, as: layout)
    let result = builder.newOperand(layout)
    let order = (0..<site.shape[1]).map { $0 % groups * (site.shape[1] / groups) + $0 / groups }
    builder.emitGather(site, "forward", source, to: result, order)
    builder.define(site, result, needsGradient: site.input.needsGradient)
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value)?.operand
      else { return }
      var inverse = order
      for (position, channel) in order.enumerated() { inverse[channel] = position }
      let target = builder.newOperand(layout)
      builder.emitGather(site, "backward", gradient, to: target, inverse)
      try builder.contribute(site.input, target, owned: true)
    }
    return true
  }
}

extension PlanBuilder {
  /// Copies channel `order[c]` of every image to channel c.
  fileprivate func emitGather(
    _ site: Site, _ pass: String, _ source: Operand, to target: Operand, _ order: [Int]
  ) {
    let order = order.map { Int32($0) }
    let bytes = Int64(site.shape.spatialCount * source.layout.type.byteCount)
    let items = Int64(site.shape[0])
    let threads = Int32(options.threads)
    emit(site.name, pass, "native:gather", [source.region, target.region]) {
      unsafe order.withUnsafeBufferPointer { order in
        unsafe condense_gather_rows(
          target.region.address, source.region.address, order.baseAddress, Int64(order.count), bytes, items,
          threads)
      }
    }
  }
}
