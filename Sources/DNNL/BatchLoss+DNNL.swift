import Execution
import Graphs
import Ops
import Tensors

extension PlanBuilder {
  /// Runs a loss of whole batches on plain copies of its inputs, without allocating.
  ///
  /// It runs on one thread, so that the number of threads changes nothing.
  func lowerBatchLoss(_ site: Site, _ loss: some BatchLoss) throws(ExecutionError) {
    let batch = LossBatch(site.inputs.map(\.shape))
    let (prediction, target) = (site.inputs[0], site.inputs[1])
    let said = try read(prediction, as: .plain(prediction.shape.dimensions, .f32)).region
    let wanted = try read(target, as: .plain(target.shape.dimensions, .f32)).region
    let result = try newOperand(.plain(site.shape.dimensions, .f32))
    let scratchCount = loss.scratchCount(batch)
    // Both directions use it, so it lives from the forward pass to the backward pass.
    let scratch = Region(byteCount: 4 * scratchCount, .transient)
    add(scratch)
    emit(site.name, "forward", "native:\(site.node.op.kind)", [said, wanted, result.region, scratch]) {
      guard let x = unsafe said.floats, let y = unsafe wanted.floats, let room = unsafe scratch.floats,
        let losses = unsafe result.region.floats
      else { return }
      let predictions = unsafe Span(_unsafeStart: x, count: batch.count * batch.predictionCount)
      let targets = unsafe Span(_unsafeStart: y, count: batch.count * batch.targetCount)
      var free = unsafe MutableSpan(_unsafeStart: room, count: scratchCount)
      let value = loss.loss(of: predictions, targets, batch, scratch: &free)
      for index in 0..<batch.count { unsafe losses[index] = value }
    }
    define(site, result, needsGradient: prediction.needsGradient || target.needsGradient)
    backward { () throws(ExecutionError) in
      try self.backwardBatchLoss(site, loss, said, wanted, scratch, scratchCount)
    }
  }

  private func backwardBatchLoss<L: BatchLoss>(
    _ site: Site, _ loss: L, _ said: Region, _ wanted: Region, _ scratch: Region, _ scratchCount: Int
  ) throws(ExecutionError) {
    let plain = try Layout.plain(site.shape.dimensions, .f32)
    guard let value = values[site.result], value.needsGradient,
      let gradient = try gradient(of: value, as: plain)?.operand.region
    else { return }
    let batch = LossBatch(site.inputs.map(\.shape))
    let (prediction, target) = (site.inputs[0], site.inputs[1])
    let byPrediction = try newOperand(.plain(prediction.shape.dimensions, .f32))
    let byTarget = target.needsGradient ? try newOperand(.plain(target.shape.dimensions, .f32)) : nil
    let regions =
      [said, wanted, scratch, gradient, byPrediction.region] + (byTarget.map { [$0.region] } ?? [])
    emit(site.name, "backward", "native:\(site.node.op.kind)", regions) {
      guard let x = unsafe said.floats, let y = unsafe wanted.floats, let room = unsafe scratch.floats,
        let scales = unsafe gradient.floats, let own = unsafe byPrediction.region.floats
      else { return }
      let predictions = unsafe Span(_unsafeStart: x, count: batch.count * batch.predictionCount)
      let targets = unsafe Span(_unsafeStart: y, count: batch.count * batch.targetCount)
      var free = unsafe MutableSpan(_unsafeStart: room, count: scratchCount)
      var left = unsafe MutableSpan(_unsafeStart: own, count: predictions.count)
      let other = unsafe byTarget?.region.floats ?? room
      var right = unsafe MutableSpan(_unsafeStart: other, count: byTarget == nil ? 0 : targets.count)
      let seeds = unsafe Span(_unsafeStart: scales, count: batch.count)
      loss.writeGradients(
        of: predictions, targets, batch, scale: L.scale(seeds), scratch: &free, byPrediction: &left,
        byTarget: &right)
    }
    try contribute(prediction, byPrediction, owned: true)
    if let byTarget { try contribute(target, byTarget, owned: true) }
  }
}
