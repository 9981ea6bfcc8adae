import CDNNL
import Execution
import Graphs
import Tensors

extension Operand {
  /// The same memory under other axes if it is plain; else the operand itself.
  func viewed(_ dimensions: [Int]) throws(ExecutionError) -> Operand {
    guard layout.dimensions != dimensions, try layout.isPlain() else { return self }
    return Operand(region: region, layout: try Layout.plain(dimensions, layout.type))
  }
}

extension PlanBuilder {
  /// Fixes the layout of a parameter's master: that of the shared store, or `layout` if this plan is the
  /// first.
  ///
  /// A parameter with an encoding has a plain master, as encodings work on plain values.
  func declare(_ node: Node, _ role: ParameterRole, _ layout: Layout) throws(ExecutionError) -> Operand {
    let name = role.name(of: node.name)
    if let known = masters[name] { return known }
    guard let slot = graph.slots(of: node).first(where: { $0.name == name })?.slot else {
      throw .missingParameter(name)
    }
    if let store = sharedStore {
      let master = try store.master(name).viewed(layout.dimensions)
      register(
        name, slot, master, slot.isTrainable ? try store.gradient(name).viewed(layout.dimensions) : nil)
      return master
    }
    let layout = encodings[name] == nil ? layout : try .plain(layout.dimensions, .f32)
    let master = Operand(region: Region(byteCount: layout.byteCount, .foreign), layout: layout)
    let gradient = Operand(region: Region(byteCount: layout.byteCount, .foreign), layout: layout)
    register(name, slot, master, slot.isTrainable ? gradient : nil)
    return master
  }

  /// The parameter as a kernel reads it: the master, or a copy that is renewed when weights change.
  ///
  /// The copy is the projection, or has the layout that the kernel reads.
  func kernelCopy(_ node: Node, _ role: ParameterRole, _ layout: Layout) throws(ExecutionError) -> Operand {
    let name = role.name(of: node.name)
    let master = try projected(try declare(node, role, layout), name, of: node)
    if master.layout.equals(layout) { return master }
    if let copy = copies(of: name).first(where: { $0.layout.equals(layout) }) { return copy }
    let copy = newOperand(layout, .persistent)
    try during(.refresh) { () throws(ExecutionError) in try reorder(master, to: copy, name) }
    remember(copy, of: name)
    return copy
  }

  /// The projection of a parameter's master; the master itself if it has no encoding.
  private func projected(_ master: Operand, _ name: String, of node: Node) throws(ExecutionError) -> Operand {
    guard let encoding = encodings[name] else { return master }
    if let known = copies(of: name).first { return known }
    let copy = newOperand(master.layout, .persistent)
    let shape = try shape(of: name)
    let grid = try learnedGrid(of: name, node)
    try during(.refresh) { () throws(ExecutionError) in
      let regions = [master.region, copy.region] + (grid.map { [$0.numbers.region] } ?? [])
      emit(name, "project", "native:\(encoding.kind)", regions) {
        guard let from = unsafe master.region.floats, let to = unsafe copy.region.floats else { return }
        unsafe to.update(from: from, count: shape.count)
        var values = unsafe MutableSpan(_unsafeStart: to, count: shape.count)
        guard let grid else { return encoding.project(&values, shape: shape) }
        guard let numbers = unsafe grid.numbers.region.floats else { return }
        grid.encoding.project(
          &values, grid: unsafe Span(_unsafeStart: numbers, count: grid.count), shape: shape)
      }
    }
    remember(copy, of: name)
    return copy
  }

  /// An encoding whose numbers are learned, with these and their gradient.
  private typealias GridSite = (
    encoding: any LearnedGrid, numbers: Operand, gradient: Operand?, count: Int
  )

  /// The numbers that complete a parameter's encoding; `nil` if it is complete.
  private func learnedGrid(of name: String, _ node: Node) throws(ExecutionError) -> GridSite? {
    guard let encoding = encodings[name] as? any LearnedGrid else { return nil }
    let slot = encoding.gridSlot(try shape(of: name))
    let numbers = try declare(node, slot.role, .plain(slot.shape.dimensions, .f32))
    return (encoding, numbers, gradients[slot.role.name(of: node.name)], slot.shape.count)
  }

  private func shape(of name: String) throws(ExecutionError) -> Shape {
    guard let shape = parameters.first(where: { $0.name == name })?.slot.shape else {
      throw .missingParameter(name)
    }
    return shape
  }

  /// Appends the conversion of a gradient by a projection into one by the master, in place.
  private func backwardThroughEncoding(
    _ gradient: Operand, of name: String, _ node: Node
  ) throws(ExecutionError) {
    guard let encoding = encodings[name], let master = masters[name] else { return }
    let shape = try shape(of: name)
    if let grid = try learnedGrid(of: name, node) {
      return backward(gradient, master, through: grid, name, of: node, shape)
    }
    emit(name, "backward-weights", "native:\(encoding.kind)", [gradient.region, master.region]) {
      guard let to = unsafe gradient.region.floats, let from = unsafe master.region.floats else { return }
      var values = unsafe MutableSpan(_unsafeStart: to, count: shape.count)
      encoding.backward(
        &values, masters: unsafe Span(_unsafeStart: from, count: shape.count), shape: shape)
    }
  }

  /// Appends the conversion of a gradient for an encoding whose numbers are learned, and that by the numbers.
  private func backward(
    _ gradient: Operand, _ master: Operand, through grid: GridSite, _ name: String, of node: Node,
    _ shape: Shape
  ) {
    guard let byGrid = grid.gradient else { return }
    markWritten(grid.encoding.gridSlot(shape).role.name(of: node.name))
    let regions = [gradient.region, master.region, grid.numbers.region, byGrid.region]
    emit(name, "backward-weights", "native:\(grid.encoding.kind)", regions) {
      guard let to = unsafe gradient.region.floats, let from = unsafe master.region.floats,
        let numbers = unsafe grid.numbers.region.floats, let target = unsafe byGrid.region.floats
      else { return }
      var values = unsafe MutableSpan(_unsafeStart: to, count: shape.count)
      var numberValues = unsafe MutableSpan(_unsafeStart: target, count: grid.count)
      grid.encoding.backward(
        &values, masters: unsafe Span(_unsafeStart: from, count: shape.count),
        grid: unsafe Span(_unsafeStart: numbers, count: grid.count), gridGradient: &numberValues,
        shape: shape)
    }
  }

  /// Runs a kernel that writes a parameter's gradient in `layout`.
  ///
  /// The gradient is reordered if the master has another layout, and passed through the parameter's encoding.
  func withGradient(
    _ node: Node, _ role: ParameterRole, _ layout: Layout, _ body: (Operand) throws(ExecutionError) -> Void
  ) throws(ExecutionError) {
    let name = role.name(of: node.name)
    guard let gradient = gradients[name] else { throw .missingParameter(name) }
    markWritten(name)
    if gradient.layout.equals(layout) {
      try body(gradient)
    } else {
      let own = newOperand(layout)
      try body(own)
      guard own.layout.dimensions == gradient.layout.dimensions else {
        throw .unsupported(node: node.name, reason: "the weights of another plan have other axes")
      }
      try reorder(own, to: gradient, name)
    }
    try backwardThroughEncoding(gradient, of: name, node)
  }
}
