import CDNNL
import Execution
import Graphs
import Tensors

extension Projection: DNNLOp {
  /// Works in the layout that the value has: projections keep the zeros that pad it.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    guard let encoding else { return false }
    let source = site.input.operand
    let result = builder.newOperand(source.layout)
    if source.layout.type == .f32 {
      builder.emitProjection(site, onto: encoding, source, to: result)
    } else {
      try lowerWidened(site, builder, encoding, source, result)
    }
    builder.define(site, result, needsGradient: site.input.needsGradient)
    let range = encoding.range
    builder.undo { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value)
      else { return }
      let target = gradient.isOwned ? gradient.operand : builder.newOperand(source.layout)
      builder.emitPass(site, within: range, gradient.operand, source, to: target)
      try builder.contribute(site.input, target, owned: true)
    }
    return true
  }

  /// Projects in 32 bits between two copies.
  private func lowerWidened(
    _ site: Site, _ builder: PlanBuilder, _ encoding: any ValueEncoding, _ source: Operand, _ result: Operand
  ) throws(ExecutionError) {
    let layout = try Self.widened(source.layout)
    let wide = builder.newOperand(layout)
    let projected = builder.newOperand(layout)
    try builder.reorder(source, to: wide, site.name)
    builder.emitProjection(site, onto: encoding, wide, to: projected)
    try builder.reorder(projected, to: result, site.name)
  }

  private static func widened(_ layout: Layout) throws(ExecutionError) -> Layout {
    do throws(ExecutionError) { return try layout.retyped(.f32) } catch {
      return try .plain(layout.dimensions, .f32)
    }
  }
}

extension PlanBuilder {
  /// Appends the projection of a tensor of floats into one of the same layout, in ranges over the team.
  func emitProjection(
    _ site: Site, onto encoding: any ValueEncoding, _ source: Operand, to result: Operand
  ) {
    let elements = source.layout.elementCount
    let threads = options.threads
    emit(site.name, "forward", "native:project", [source.region, result.region]) {
      parallelChunks(elements, threads: threads) { chunk in
        guard let from = unsafe source.region.floats, let to = unsafe result.region.floats else { return }
        let values = unsafe Span(_unsafeStart: from + chunk.lowerBound, count: chunk.count)
        var projected = unsafe MutableSpan(_unsafeStart: to + chunk.lowerBound, count: chunk.count)
        encoding.project(values, into: &projected)
      }
    }
  }

  /// Appends the gradient of a projection: what arrives, where the value was within range.
  func emitPass(
    _ site: Site, within range: ClosedRange<Float>, _ gradient: Operand, _ value: Operand,
    to target: Operand
  ) {
    let elements = Int64(target.region.byteCount / target.layout.type.byteCount)
    let bf16: Int32 = target.layout.type == .bf16 ? 1 : 0
    let threads = Int32(options.threads)
    emit(site.name, "backward", "native:within", [gradient.region, value.region, target.region]) {
      unsafe condense_pass_within(
        target.region.address, gradient.region.address, value.region.address, range.lowerBound,
        range.upperBound, elements, bf16, threads)
    }
  }
}
