import CDNNL
import Execution
import Graphs
import Tensors

extension Projection: DNNLOp {
  /// Works in the value's layout: the zeros that pad it stay zero.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    guard let encoding else { return false }
    let source = site.input.operand
    let result = builder.newOperand(source.layout)
    builder.emitProjection(site, onto: encoding, source, to: result)
    builder.define(site, result, needsGradient: site.input.needsGradient)
    let range = encoding.range
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value)
      else { return }
      let target = gradient.isOwned ? gradient.operand : builder.newOperand(source.layout)
      builder.emitPass(site, within: range, gradient.operand, source, to: target)
      try builder.contribute(site.input, target, owned: true)
    }
    return true
  }
}

extension PlanBuilder {
  /// Appends the projection of a tensor into one of the same layout, in ranges over the team of threads.
  ///
  /// bf16 is widened, projected in 32 bits and rounded again, in stretches that stay in the cache.
  func emitProjection(
    _ site: Site, onto encoding: any ValueEncoding, _ source: Operand, to result: Operand
  ) {
    let elements = source.layout.elementCount
    let threads = options.threads
    guard source.layout.type == .bf16 else {
      let loop = TeamLoop { chunk in
        guard let from = unsafe source.region.floats, let to = unsafe result.region.floats else { return }
        unsafe encoding.project(from + chunk.lowerBound, to: to + chunk.lowerBound, chunk.count)
      }
      return emit(site.name, "forward", "native:project", [source.region, result.region]) {
        loop.run(elements, threads: threads)
      }
    }
    let stretch = 2048
    let scratch = Region(byteCount: threads * 2 * stretch * 4, .transient)
    add(scratch)
    let loop = TeamLoop { chunk in
      // Ranges are at least elements/threads long, so each has its own number and its own scratch memory.
      let number = chunk.lowerBound * threads / elements
      guard let from = unsafe source.region.halves, let to = unsafe result.region.halves,
        let wide = unsafe scratch.floats.map({ unsafe $0 + number * 2 * stretch })
      else { return }
      for start in stride(from: chunk.lowerBound, to: chunk.upperBound, by: stretch) {
        let count = min(stretch, chunk.upperBound - start)
        unsafe condense_widen(wide, from + start, Int64(count))
        unsafe encoding.project(wide, to: wide + stretch, count)
        unsafe condense_narrow(to + start, wide + stretch, Int64(count))
      }
    }
    emit(site.name, "forward", "native:project", [source.region, result.region, scratch]) {
      loop.run(elements, threads: threads)
    }
  }

  /// Appends the gradient of a projection: the arriving one where the value was in range, else zero.
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

extension ValueEncoding {
  /// Projects values from memory to memory.
  @unsafe fileprivate func project(
    _ values: UnsafePointer<Float>, to projected: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    var target = unsafe MutableSpan(_unsafeStart: projected, count: count)
    project(unsafe Span(_unsafeStart: values, count: count), into: &target)
  }
}

extension Region {
  /// The memory as patterns of bf16.
  @unsafe fileprivate var halves: UnsafeMutablePointer<UInt16>? {
    unsafe address?.assumingMemoryBound(to: UInt16.self)
  }
}
