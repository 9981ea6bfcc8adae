import CDNNL
import Execution
import Graphs
import Tensors

extension Operand {
  /// The same memory under other axes, where it is plain; itself where it is not.
  func viewed(_ dimensions: [Int]) throws(ExecutionError) -> Operand {
    guard layout.dimensions != dimensions, try layout.isPlain() else { return self }
    return Operand(region: region, layout: try Layout.plain(dimensions, layout.type))
  }
}

extension PlanBuilder {
  /// Fixes the layout of a parameter's master: that of the shared store, or `layout` if this plan is the first.
  func declare(_ node: Node, _ role: String, _ layout: Layout) throws(ExecutionError) -> Operand {
    let name = "\(node.name).\(role)"
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
    let master = Operand(region: Region(byteCount: layout.byteCount, .foreign), layout: layout)
    let gradient = Operand(region: Region(byteCount: layout.byteCount, .foreign), layout: layout)
    register(name, slot, master, slot.isTrainable ? gradient : nil)
    return master
  }

  /// The parameter's copy in the layout that a kernel reads, renewed when the weights have changed.
  func kernelCopy(_ node: Node, _ role: String, _ layout: Layout) throws(ExecutionError) -> Operand {
    let master = try declare(node, role, layout)
    if master.layout.equals(layout) { return master }
    let name = "\(node.name).\(role)"
    if let copy = copies(of: name).first(where: { $0.layout.equals(layout) }) { return copy }
    let copy = newOperand(layout, .persistent)
    try during(.refresh) { () throws(ExecutionError) in try reorder(master, to: copy, name) }
    remember(copy, of: name)
    return copy
  }

  /// Runs a kernel that writes a parameter's gradient in `layout`; reordered when the master has another one.
  func withGradient(
    _ node: Node, _ role: String, _ layout: Layout, _ body: (Operand) throws(ExecutionError) -> Void
  ) throws(ExecutionError) {
    let name = "\(node.name).\(role)"
    guard let gradient = gradients[name] else { throw .missingParameter(name) }
    markWritten(name)
    if gradient.layout.equals(layout) { return try body(gradient) }
    let own = newOperand(layout)
    try body(own)
    if own.layout.dimensions == gradient.layout.dimensions {
      return try reorder(own, to: gradient, name)
    }
    throw .unsupported(node: node.name, reason: "the weights of another plan have other axes")
  }
}
