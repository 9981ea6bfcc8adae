import Execution
import Tensors

extension PlanBuilder {
  /// A value in a layout; a reordered copy is made once for all readers.
  func read(_ value: Value, as layout: Layout) throws(ExecutionError) -> Operand {
    let source = try viewed(value, axes: layout.dimensions)
    if source.layout.equals(layout) { return source }
    if let copy = value.copies.first(where: {
      $0.layout.dimensions == layout.dimensions && $0.layout.equals(layout)
    }) {
      return copy
    }
    let copy = newOperand(layout)
    try reorder(source, to: copy, value.name)
    value.copies.append(copy)
    return copy
  }

  /// A value with the axes of `dimensions`, which may be those of a flattened or unflattened image.
  private func viewed(_ value: Value, axes dimensions: [Int]) throws(ExecutionError) -> Operand {
    let own = value.operand.layout
    guard own.dimensions != dimensions else { return value.operand }
    if let copy = value.copies.first(where: { $0.layout.dimensions == dimensions }) { return copy }
    var plain = value.operand
    let plainLayout = try Layout.plain(own.dimensions, own.type)
    if !own.equals(plainLayout) {
      plain = newOperand(plainLayout)
      try reorder(value.operand, to: plain, value.name)
      value.copies.append(plain)
    }
    let view = Operand(region: plain.region, layout: try Layout.plain(dimensions, own.type))
    value.copies.append(view)
    return view
  }
}
