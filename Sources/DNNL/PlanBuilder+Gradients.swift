import CDNNL
import Execution
import Tensors

extension PlanBuilder {
  /// Adds to a value's gradient; the operand may have any layout, and the axes of any view of the value.
  func contribute(_ value: Value, _ operand: Operand, owned: Bool) throws(ExecutionError) {
    guard value.needsGradient else { return }
    let layout = value.operand.layout
    var source = operand
    if source.layout.dimensions != layout.dimensions {
      let plainLayout = try Layout.plain(source.layout.dimensions, source.layout.type)
      if !source.layout.equals(plainLayout) {
        let plain = newOperand(plainLayout)
        try reorder(source, to: plain, value.name)
        source = plain
      }
      source = Operand(region: source.region, layout: try Layout.plain(layout.dimensions, source.layout.type))
    }
    if source.layout.equals(layout) {
      value.contributions.append(
        Contribution(operand: source, isOwned: owned || source.region !== operand.region))
      return
    }
    let copy = newOperand(layout)
    try reorder(source, to: copy, value.name)
    value.contributions.append(Contribution(operand: copy, isOwned: true))
  }

  /// The gradient of a value: the sum of all contributions, zero where `mask` is not positive.
  ///
  /// `nil` if nothing contributes. The result may be overwritten only if `isOwned`.
  func gradient(
    of value: Value, mask: Operand? = nil, as layout: Layout? = nil
  ) throws(ExecutionError) -> Contribution? {
    guard var sum = value.contributions.first else { return nil }
    var rest = value.contributions[...]
    var mask = value.isMasked ? nil : mask
    if rest.count > 1 || mask != nil {
      sum = try summed(&rest, &mask, value)
    }
    value.contributions = [sum]
    guard let layout, !sum.operand.layout.equals(layout) else { return sum }
    let copy = newOperand(layout)
    try reorder(sum.operand, to: copy, value.name)
    return Contribution(operand: copy, isOwned: true)
  }

  /// The gradients that arrive at a value, in at most two parts, which a kernel adds itself; empty for none.
  func arriving(at value: Value) throws(ExecutionError) -> [Contribution] {
    guard value.contributions.count > 2 else { return value.contributions }
    guard let sum = try gradient(of: value) else { return [] }
    return [sum]
  }

  private func summed(
    _ rest: inout ArraySlice<Contribution>, _ mask: inout Operand?, _ value: Value
  ) throws(ExecutionError) -> Contribution {
    let layout = value.operand.layout
    var partial: Contribution?
    repeat {
      let room = partial == nil ? 4 : 3
      let terms = (partial.map { [$0] } ?? []) + rest.prefix(room)
      rest = rest.dropFirst(room)
      let target = terms.first(where: \.isOwned)?.operand ?? newOperand(layout)
      emitSum(terms.map(\.operand), to: target, mask: rest.isEmpty ? mask : nil, value.name)
      partial = Contribution(operand: target, isOwned: true)
    } while !rest.isEmpty
    guard let partial else { throw .unsupported(node: value.name, reason: "no gradient to sum") }
    return partial
  }

  private func emitSum(_ terms: [Operand], to target: Operand, mask: Operand?, _ name: String) {
    let threads = Int32(options.threads)
    let elements = Int64(target.region.byteCount / target.layout.type.byteCount)
    let bf16: Int32 = target.layout.type == .bf16 ? 1 : 0
    let regions = terms.map(\.region)
    let label = mask == nil ? "sum" : (terms.count == 1 ? "mask" : "sum and mask")
    emit(name, "backward", "native:\(label)", regions + [target.region] + (mask.map { [$0.region] } ?? [])) {
      unsafe withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: 4) { sources in
        for position in 0..<4 {
          unsafe sources[position] =
            position < regions.count ? UnsafeRawPointer(regions[position].address) : nil
        }
        unsafe condense_masked_sum(
          target.region.address, sources.baseAddress, Int32(regions.count), mask?.region.address, elements,
          bf16,
          threads)
      }
    }
  }
}
