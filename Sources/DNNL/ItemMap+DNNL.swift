import Execution
import Graphs
import Ops
import Tensors

extension PlanBuilder {
  /// Runs a map of items on plain copies of its inputs, without allocating.
  ///
  /// Items are independent, so the number of threads changes nothing.
  func lowerItemMap(_ site: Site, _ map: some ItemMap) throws(ExecutionError) {
    let first = LossItem(ofMap: site.inputs.map(\.shape))
    var read: [Region] = []
    for input in site.inputs {
      read.append(try self.read(input, as: .plain(input.shape.dimensions, .f32)).region)
    }
    let regions = read
    let result = try newOperand(.plain(site.shape.dimensions, .f32))
    let items = site.shape[0]
    let count = site.shape.count / max(items, 1)
    let loop = TeamLoop { range in
      guard let x = unsafe regions[0].floats, let y = unsafe regions[regions.count - 1].floats,
        let output = unsafe result.region.floats
      else { return }
      var item = first
      let values = unsafe Span(_unsafeStart: x, count: items * first.predictionCount)
      let others = unsafe Span(_unsafeStart: y, count: items * first.targetCount)
      var room = unsafe MutableSpan(_unsafeStart: output, count: items * count)
      for index in range {
        item.index = index
        map.write(
          values.extracting(item.predictionRange), others.extracting(item.targetRange), item, into: &room,
          at: index * count)
      }
    }
    let (grain, threads) = (max(1, 64 / max(1, first.predictionCount)), options.threads)
    emit(site.name, "forward", "native:\(site.node.op.kind)", regions + [result.region]) {
      loop.run(items, grain: grain, threads: threads)
    }
    define(site, result, needsGradient: site.inputs.contains { $0.needsGradient })
    backward { () throws(ExecutionError) in try self.backwardItemMap(site, map, regions, grain) }
  }

  private func backwardItemMap(
    _ site: Site, _ map: some ItemMap, _ read: [Region], _ grain: Int
  ) throws(ExecutionError) {
    let plain = try Layout.plain(site.shape.dimensions, .f32)
    guard let value = values[site.result], value.needsGradient,
      let gradient = try gradient(of: value, as: plain)?.operand.region
    else { return }
    let first = LossItem(ofMap: site.inputs.map(\.shape))
    var targets: [Operand] = []
    for (place, input) in site.inputs.enumerated() where place == 0 || input.needsGradient {
      targets.append(try newOperand(.plain(input.shape.dimensions, .f32)))
    }
    let written = targets
    let (items, threads) = (site.shape[0], options.threads)
    let count = site.shape.count / max(items, 1)
    let loop = TeamLoop { range in
      guard let x = unsafe read[0].floats, let y = unsafe read[read.count - 1].floats,
        let slopes = unsafe gradient.floats, let own = unsafe written[0].region.floats,
        let other = unsafe written[written.count - 1].region.floats
      else { return }
      var item = first
      let values = unsafe Span(_unsafeStart: x, count: items * first.predictionCount)
      let others = unsafe Span(_unsafeStart: y, count: items * first.targetCount)
      let gradients = unsafe Span(_unsafeStart: slopes, count: items * count)
      var left = unsafe MutableSpan(_unsafeStart: own, count: values.count)
      var right = unsafe MutableSpan(_unsafeStart: other, count: written.count > 1 ? others.count : 0)
      for index in range {
        item.index = index
        map.writeGradients(
          values.extracting(item.predictionRange), others.extracting(item.targetRange), item,
          gradient: gradients.extracting(index * count..<(index + 1) * count), byFirst: &left,
          bySecond: &right)
      }
    }
    emit(
      site.name, "backward", "native:\(site.node.op.kind)", read + [gradient] + written.map(\.region)
    ) {
      loop.run(items, grain: grain, threads: threads)
    }
    try contribute(site.inputs[0], written[0], owned: true)
    if written.count > 1 { try contribute(site.inputs[1], written[1], owned: true) }
  }
}
