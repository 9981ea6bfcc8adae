import CDNNL
import Execution
import Graphs
import Ops
import Tensors

/// Turns a graph into calls.
///
/// It walks the graph forwards once: each op appends its calls and tapes its gradient. Then it plays the tape
/// backwards.
final class PlanBuilder {
  let graph: Graph
  let options: PlanOptions
  let device: Device
  /// The store that the plan shares; `nil` if this plan chooses the layouts.
  let sharedStore: WeightStore?
  let fusions: Fusions
  /// The encodings of the parameters that have one.
  let encodings: [String: any Encoding]

  /// The calls of each phase.
  private(set) var refresh: [PendingCall] = []
  private(set) var forward: [PendingCall] = []
  private(set) var backward: [PendingCall] = []
  enum Phase { case refresh, forward, backward }
  private(set) var phase = Phase.forward

  private(set) var values: [String: Value] = [:]
  private(set) var regions: [Region] = []
  private var tape: [() throws(ExecutionError) -> Void] = []
  /// The parameters so far, in order, with the layouts of their masters.
  private(set) var parameters: [(name: String, slot: ParameterSlot, layout: Layout)] = []
  /// The regions that stand for parts of the store's arenas until the store exists.
  private(set) var masters: [String: Operand] = [:]
  private(set) var gradients: [String: Operand] = [:]
  /// The parameters whose gradient some call writes.
  private var written: Set<String> = []
  private var kernelCopies: [String: [Operand]] = [:]
  private(set) var seeds: [String: Region] = [:]
  /// The key of the present step, from which random ops draw.
  let step = StepKey()

  init(
    _ graph: Graph, _ options: PlanOptions, _ device: Device, store: WeightStore?
  ) throws(ExecutionError) {
    self.graph = graph
    self.options = options
    self.device = device
    sharedStore = store
    fusions = Fusions(graph, options)
    encodings = graph.trainedEncodings()
    for input in graph.inputs {
      let shape = Shape([options.batch] + input.shape.dimensions)
      let layout = try Layout.plain(shape.dimensions, .f32)
      let region = newRegion(layout, .persistent)
      values[input.name] = Value(
        input.name, shape, Operand(region: region, layout: layout), needsGradient: false)
    }
  }

  /// True if the plan has a backward pass.
  var isTraining: Bool { options.mode == .training }
  /// The type in which activations are computed where kernels allow it.
  var type: ElementType { options.precision == .bf16 ? .bf16 : .f32 }

  // MARK: Memory

  /// Makes a region for a layout.
  func newRegion(_ layout: Layout, _ kind: Region.Kind = .transient) -> Region {
    let region = Region(byteCount: layout.byteCount, kind)
    regions.append(region)
    return region
  }

  /// Adds a region that no layout describes to those that are placed.
  func add(_ region: Region) { regions.append(region) }

  /// Makes a tensor in its own region.
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

  /// Appends a native pass to the present phase.
  func emit(_ node: String, _ pass: String, _ name: String, _ regions: [Region], _ body: @escaping () -> Void)
  {
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

  /// Appends a copy of a tensor into another layout.
  func reorder(_ source: Operand, to target: Operand, _ node: String) throws(ExecutionError) {
    let descriptor = unsafe try Descriptor("condense_reorder", node: node) { handle, attributes in
      unsafe condense_reorder(
        &handle, device.engine, source.layout.handle, target.layout.handle, attributes)
    }
    emit(node, "reorder", descriptor, [Argument(DNNL_ARG_FROM, source), Argument(DNNL_ARG_TO, target)])
  }

  /// Runs `body` with calls appended to another phase.
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
    let isWeight = encodings[name]?.mastersAreWeights ?? true
    parameters.append((name, isWeight ? slot : slot.undecayed, master.layout))
  }
  func markWritten(_ name: String) { written.insert(name) }
  func copies(of name: String) -> [Operand] { kernelCopies[name] ?? [] }
  func remember(_ copy: Operand, of name: String) { kernelCopies[name, default: []].append(copy) }
  /// The trainable parameters whose gradient no call writes.
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
    for step in tape.reversed() { try step() }
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
    if let loss = node.op as? any Loss { return try lowerLoss(site, loss) }
    if let loss = node.op as? any BatchLoss { return try lowerBatchLoss(site, loss) }
    if let map = node.op as? any ItemMap { return try lowerItemMap(site, map) }
    try lowerReference(
      Site(node: node, inputs: inputs, shape: shape, result: node.name, fusesReLU: false, residual: nil))
    // A reference kernel is its op alone, so what was to be fused into it follows as calls.
    for swallowed in [sum, relu].compactMap(\.self) { try lower(swallowed) }
  }

  // MARK: Values

  /// Registers the result of an op.
  func define(_ site: Site, _ operand: Operand, needsGradient: Bool) {
    if fusions.isObserved(site.result) { operand.region.persist() }
    values[site.result] = Value(site.result, site.shape, operand, needsGradient: needsGradient && isTraining)
  }

  /// Runs `body` when the backward pass is built; ops' gradients are lowered in the reverse order of the ops.
  func backward(_ body: @escaping () throws(ExecutionError) -> Void) {
    if isTraining { tape.append(body) }
  }
}

/// The key from which the random ops of one forward pass draw; a reference, so that closures share it.
final class StepKey {
  var key: UInt64 = 0
}
