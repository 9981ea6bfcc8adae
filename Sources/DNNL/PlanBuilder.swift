import CDNNL
import Execution
import Graphs
import Ops
import Tensors

/// Turns a graph into calls: walks it forwards once, each op appending its calls and taping its gradient, then
/// plays the tape backwards.
final class PlanBuilder {
  let graph: Graph
  let options: PlanOptions
  let device: Device
  /// The weights that the plan shares; `nil` while the first plan is still choosing layouts.
  let sharedStore: WeightStore?
  let fusions: Fusions

  /// Calls by phase.
  private(set) var refresh: [PendingCall] = []
  private(set) var forward: [PendingCall] = []
  private(set) var backward: [PendingCall] = []
  enum Phase { case refresh, forward, backward }
  private(set) var phase = Phase.forward

  private(set) var values: [String: Value] = [:]
  private(set) var regions: [Region] = []
  private var tape: [() throws(ExecutionError) -> Void] = []
  /// The parameters met so far, in order, with the layouts of their masters.
  private(set) var parameters: [(name: String, slot: ParameterSlot, layout: Layout)] = []
  /// Regions that stand for parts of the store's arenas until it exists.
  private(set) var masters: [String: Operand] = [:]
  private(set) var gradients: [String: Operand] = [:]
  /// The gradients that no call writes.
  private var written: Set<String> = []
  private var kernelCopies: [String: [Operand]] = [:]
  private(set) var seeds: [String: Region] = [:]
  /// The key of the present step, which random ops draw from.
  let step = StepKey()

  init(
    _ graph: Graph, _ options: PlanOptions, _ device: Device, store: WeightStore?
  ) throws(ExecutionError) {
    self.graph = graph
    self.options = options
    self.device = device
    sharedStore = store
    fusions = Fusions(graph, options)
    for input in graph.inputs {
      let shape = Shape([options.batch] + input.shape.dimensions)
      let layout = try Layout.plain(shape.dimensions, .f32)
      let region = newRegion(layout, .persistent)
      values[input.name] = Value(
        input.name, shape, Operand(region: region, layout: layout), needsGradient: false)
    }
  }

  /// Whether the plan has a backward pass.
  var isTraining: Bool { options.mode == .training }
  /// The type in which activations are computed where the kernels allow it.
  var type: ElementType { options.precision == .bf16 ? .bf16 : .f32 }

  // MARK: Memory

  /// Memory for a layout.
  func newRegion(_ layout: Layout, _ kind: Region.Kind = .transient) -> Region {
    let region = Region(byteCount: layout.byteCount, kind)
    regions.append(region)
    return region
  }

  /// A tensor in memory of its own choosing.
  func newOperand(_ layout: Layout, _ kind: Region.Kind = .transient) -> Operand {
    Operand(region: newRegion(layout, kind), layout: layout)
  }

  // MARK: Calls

  /// Appends a primitive to the present phase.
  func emit(_ node: String, _ pass: String, _ descriptor: Descriptor, _ arguments: [Argument]) {
    append(
      PendingCall(
        description: KernelDescription(node: node, pass: pass, implementation: descriptor.implementation),
        work: .primitive(descriptor, arguments), regions: arguments.map(\.operand.region)))
  }

  /// Appends a pass of our own.
  func emit(_ node: String, _ pass: String, _ name: String, _ regions: [Region], _ body: @escaping () -> Void) {
    append(
      PendingCall(
        description: KernelDescription(node: node, pass: pass, implementation: name), work: .native(body),
        regions: regions))
  }

  private func append(_ call: PendingCall) {
    switch phase {
    case .refresh: refresh.append(call)
    case .forward: forward.append(call)
    case .backward: backward.append(call)
    }
  }

  /// Copies a tensor into another layout.
  func reorder(_ source: Operand, to target: Operand, _ node: String) throws(ExecutionError) {
    let descriptor = unsafe try Descriptor("condense_reorder", node: node) { handle, attributes in
      unsafe condense_reorder(
        &handle, device.engine, source.layout.handle, target.layout.handle, attributes)
    }
    emit(node, "reorder", descriptor, [Argument(DNNL_ARG_FROM, source), Argument(DNNL_ARG_TO, target)])
  }

  /// Appends to another phase meanwhile.
  func during(_ other: Phase, _ body: () throws(ExecutionError) -> Void) throws(ExecutionError) {
    let present = phase
    phase = other
    defer { phase = present }
    try body()
  }

  // MARK: Parameters (see PlanBuilder+Parameters)

  func register(_ name: String, _ slot: ParameterSlot, _ master: Operand, _ gradient: Operand?) {
    masters[name] = master
    gradients[name] = gradient
    parameters.append((name, slot, master.layout))
  }
  func markWritten(_ name: String) { written.insert(name) }
  func copies(of name: String) -> [Operand] { kernelCopies[name] ?? [] }
  func remember(_ copy: Operand, of name: String) { kernelCopies[name, default: []].append(copy) }
  /// Trainable parameters whose gradient no call writes.
  var unwritten: [String] { gradients.keys.filter { !written.contains($0) }.sorted() }

  // MARK: Building

  /// Lowers every node, then plays the tape backwards from the seeds.
  func build() throws(ExecutionError) {
    for node in graph.nodes where !fusions.isSwallowed(node) { try lower(node) }
    guard isTraining else { return }
    phase = .backward
    for name in Set(graph.outputs + options.seeds).sorted() {
      guard let value = values[name] else {
        throw .unknownTap(name, suggestion: nil)
      }
      let layout = try Layout.plain(value.shape.dimensions, .f32)
      let seed = newOperand(layout, .persistent)
      seeds[name] = seed.region
      try contribute(value, seed, owned: false)
    }
    for undo in tape.reversed() { try undo() }
    tape = []
    for name in unwritten {
      guard let region = gradients[name]?.region else { continue }
      emit(name, "backward-weights", "native:zero", [region]) {
        unsafe region.address?.initializeMemory(as: UInt8.self, repeating: 0, count: region.byteCount)
      }
    }
  }

  private func lower(_ node: Node) throws(ExecutionError) {
    var inputs: [Value] = []
    for name in node.inputs {
      guard let value = values[name] else { throw .unknownTap(name, suggestion: nil) }
      inputs.append(value)
    }
    let relu = fusions.relu[node.name]
    guard let shape = graph.shape(of: node.name, batch: options.batch) else {
      throw .unknownTap(node.name, suggestion: nil)
    }
    let sum = fusions.addition[node.name]
    let residual = sum?.inputs.first { $0 != node.name }.flatMap { values[$0] }
    let site = Site(
      node: node, inputs: inputs, shape: shape, result: relu?.name ?? sum?.name ?? node.name,
      fusesReLU: relu != nil, residual: residual)
    if let op = node.op as? any DNNLOp, try op.lower(site, self) { return }
    try lowerReference(site)
  }

  // MARK: Values

  /// Registers what an op made.
  func define(_ site: Site, _ operand: Operand, needsGradient: Bool) {
    if fusions.isObserved(site.result) { operand.region.persist() }
    values[site.result] = Value(site.result, site.shape, operand, needsGradient: needsGradient && isTraining)
  }

  /// A value in a layout, reordered once for all who ask.
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

  // MARK: Gradients

  /// Plays `body` when the backward pass is built; ops are undone in the reverse of their order.
  func undo(_ body: @escaping () throws(ExecutionError) -> Void) {
    if isTraining { tape.append(body) }
  }

  /// Adds to a value's gradient; the operand may have any layout and the axes of any view.
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
      value.contributions.append(Contribution(operand: source, isOwned: owned || source.region !== operand.region))
      return
    }
    let copy = newOperand(layout)
    try reorder(source, to: copy, value.name)
    value.contributions.append(Contribution(operand: copy, isOwned: true))
  }

  /// The gradient of a value: the sum of all contributions, zero where `mask` is not positive.
  ///
  /// `nil` when nothing contributes. The result may be overwritten only if `isOwned`.
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

  /// What arrives at a value, in at most two parts that a kernel adds itself; empty when nothing does.
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
          unsafe sources[position] = position < regions.count ? UnsafeRawPointer(regions[position].address) : nil
        }
        unsafe condense_masked_sum(
          target.region.address, sources.baseAddress, Int32(regions.count), mask?.region.address, elements, bf16,
          threads)
      }
    }
  }
}

/// The key that the random ops of one forward pass draw from, shared with the closures that need it.
final class StepKey {
  var key: UInt64 = 0
}
