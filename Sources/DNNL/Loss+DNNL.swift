import Execution
import Graphs
import Ops
import Tensors

extension PlanBuilder {
  /// Runs a loss on plain copies of its inputs, without allocating.
  ///
  /// Items are independent, so the number of threads changes nothing.
  func lowerLoss(_ site: Site, _ loss: some Loss) throws(ExecutionError) {
    let first = LossItem(site.inputs.map(\.shape))
    let (prediction, target) = (site.inputs[0], site.inputs[1])
    let said = try read(prediction, as: .plain(prediction.shape.dimensions, .f32)).region
    let wanted = try read(target, as: .plain(target.shape.dimensions, .f32)).region
    let result = try newOperand(.plain(site.shape.dimensions, .f32))
    let items = site.shape[0]
    let scratchCount = loss.scratchCount(first)
    let threads = options.threads
    // Both directions use it, so it lives from the forward pass to the backward pass.
    let scratch = Region(byteCount: 4 * items * scratchCount, .transient)
    add(scratch)
    let loop = TeamLoop { range in
      guard let x = unsafe said.floats, let y = unsafe wanted.floats, let room = unsafe scratch.floats,
        let losses = unsafe result.region.floats
      else { return }
      var item = first
      let predictions = unsafe Span(_unsafeStart: x, count: items * first.predictionCount)
      let targets = unsafe Span(_unsafeStart: y, count: items * first.targetCount)
      for index in range {
        item.index = index
        var free = unsafe MutableSpan(_unsafeStart: room + index * scratchCount, count: scratchCount)
        unsafe losses[index] = loss.loss(
          of: predictions.extracting(item.predictionRange), targets.extracting(item.targetRange), item,
          scratch: &free)
      }
    }
    let grain = Self.grain(first)
    emit(site.name, "forward", "native:\(site.node.op.kind)", [said, wanted, result.region, scratch]) {
      loop.run(items, grain: grain, threads: threads)
    }
    define(site, result, needsGradient: prediction.needsGradient || target.needsGradient)
    backward { () throws(ExecutionError) in
      try self.backwardLoss(site, loss, said, wanted, scratch, scratchCount)
    }
  }

  /// The items that a thread takes at a time: some 64 elements, so that threads get nearly equal shares.
  private static func grain(_ item: LossItem) -> Int { max(1, 64 / max(1, item.predictionCount)) }

  private func backwardLoss(
    _ site: Site, _ loss: some Loss, _ said: Region, _ wanted: Region, _ scratch: Region, _ scratchCount: Int
  ) throws(ExecutionError) {
    let plain = try Layout.plain(site.shape.dimensions, .f32)
    guard let value = values[site.result], value.needsGradient,
      let gradient = try gradient(of: value, as: plain)?.operand.region
    else { return }
    let first = LossItem(site.inputs.map(\.shape))
    let (prediction, target) = (site.inputs[0], site.inputs[1])
    let byPrediction = try newOperand(.plain(prediction.shape.dimensions, .f32))
    let byTarget =
      target.needsGradient ? try newOperand(.plain(target.shape.dimensions, .f32)) : nil
    let items = site.shape[0]
    let threads = options.threads
    let regions =
      [said, wanted, scratch, gradient, byPrediction.region] + (byTarget.map { [$0.region] } ?? [])
    let loop = TeamLoop { range in
      guard let x = unsafe said.floats, let y = unsafe wanted.floats, let room = unsafe scratch.floats,
        let scales = unsafe gradient.floats, let own = unsafe byPrediction.region.floats
      else { return }
      var item = first
      let predictions = unsafe Span(_unsafeStart: x, count: items * first.predictionCount)
      let targets = unsafe Span(_unsafeStart: y, count: items * first.targetCount)
      var left = unsafe MutableSpan(_unsafeStart: own, count: predictions.count)
      let other = unsafe byTarget?.region.floats ?? room
      var right = unsafe MutableSpan(_unsafeStart: other, count: byTarget == nil ? 0 : targets.count)
      for index in range {
        item.index = index
        var free = unsafe MutableSpan(_unsafeStart: room + index * scratchCount, count: scratchCount)
        loss.writeGradients(
          of: predictions.extracting(item.predictionRange), targets.extracting(item.targetRange), item,
          scale: unsafe scales[index], scratch: &free, byPrediction: &left, byTarget: &right)
      }
    }
    let grain = Self.grain(first)
    emit(site.name, "backward", "native:\(site.node.op.kind)", regions) {
      loop.run(items, grain: grain, threads: threads)
    }
    try contribute(prediction, byPrediction, owned: true)
    if let byTarget { try contribute(target, byTarget, owned: true) }
  }
}
