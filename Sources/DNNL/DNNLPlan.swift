import CDNNL
public import Execution
import Graphs
import Settings
public import Tensors

/// The prepared oneDNN calls over one graph; a pass runs them one after another.
public final class DNNLPlan: Plan {
  /// The options with which the plan was compiled.
  public let options: PlanOptions
  /// The inputs and nodes of the compiled graph, by which plans that share weights are compared.
  let graphInputs: [GraphInput]
  let graphNodes: [Node]
  /// The encodings of the trained parameters, which project masters and their gradients.
  let encodings: [String: any Encoding]
  /// The weights that snapshots, updates and other plans use.
  let store: WeightStore
  /// The weights that this plan's kernels read: the store itself, or its folded copy.
  private let kernelStore: WeightStore
  private let refreshCalls: [PreparedCall]
  private let forwardCalls: [PreparedCall]
  private let backwardCalls: [PreparedCall]
  private let inputs: [(region: Region, count: Int)]
  private let taps: TapTable
  /// The value that the tap of an encoded value reads, by name.
  private let projections: [String: String]
  private let step: StepKey
  private let memory: PlanMemory
  /// The version of the weights in the kernels' copies.
  private var refreshedVersion = 0

  /// The folding of the trained weights for this plan; `nil` for a plan that trains.
  private let folding: Folding?

  init(
    _ parts: PlanParts, of graph: Graph, _ projected: ProjectedGraph, _ options: PlanOptions,
    inferring folding: Folding? = nil
  ) {
    self.options = options
    graphInputs = graph.inputs
    graphNodes = graph.nodes
    encodings = graph.trainedEncodings()
    projections = projected.projections
    self.folding = folding
    kernelStore = parts.store
    store = folding?.source ?? parts.store
    refreshCalls = parts.refresh
    forwardCalls = parts.forward
    backwardCalls = parts.backward
    inputs = parts.inputs
    taps = parts.taps
    step = parts.step
    memory = parts.memory
  }

  /// The handle of a value; an encoded value is read as its projection.
  public func tap(_ value: String) throws(ExecutionError) -> TapID {
    try taps.id(of: projections[value] ?? value)
  }

  /// Copies the batch into the inputs, one input after another, and runs all nodes.
  public func forward(_ images: Span<Float>, key: UInt64) {
    Device.useTeam(of: options.threads)
    var start = 0
    for input in inputs {
      copy(images, start, input.count, to: input.region)
      start += input.count
    }
    run(key: key)
  }

  /// The handle of an input.
  public func input(_ name: String) throws(ExecutionError) -> InputID {
    guard let index = graphInputs.firstIndex(where: { $0.name == name }) else {
      throw .unknownInput(name, suggestion: Spelling.nearest(to: name, among: graphInputs.map(\.name)))
    }
    return InputID(index: index, count: inputs[index].count)
  }

  /// Copies a batch into an input.
  public func writeInput(_ input: InputID, _ values: Span<Float>) {
    Device.useTeam(of: options.threads)
    copy(values, 0, input.count, to: inputs[input.index].region)
  }

  /// Renews the kernels' copies of changed weights, and runs all forward calls.
  public func run(key: UInt64) {
    Device.useTeam(of: options.threads)
    step.key = key
    renewKernelCopies()
    for call in forwardCalls { call.run() }
  }

  /// Renews the folded weights and the kernels' copies if the weights have changed.
  private func renewKernelCopies() {
    do throws(ExecutionError) { try folding?.renew() } catch {
      preconditionFailure("trained weights could not be folded: \(error)")
    }
    guard refreshedVersion != kernelStore.version else { return }
    for call in refreshCalls { call.run() }
    refreshedVersion = kernelStore.version
  }

  private func copy(_ images: Span<Float>, _ start: Int, _ count: Int, to region: Region) {
    precondition(
      images.count >= start + count, "a batch of \(images.count) floats, expected \(start + count)")
    unsafe images.withUnsafeBufferPointer { source in
      guard let from = source.baseAddress, let to = unsafe region.address else { return }
      unsafe condense_copy(to, from + start, Int64(count * 4), Int32(options.threads))
    }
  }

  /// Copies a value out, reordered to row-major 32-bit floats.
  public func readTap(_ tap: TapID, into values: inout MutableSpan<Float>) {
    Device.useTeam(of: options.threads)
    taps.read(tap, into: &values)
  }

  /// Copies the loss's gradient by a value into the plan.
  public func writeSeed(_ tap: TapID, _ gradient: Span<Float>) {
    taps.writeSeed(tap, gradient)
  }

  /// Runs all gradients, and adds them to those of earlier micro-batches.
  public func backward() {
    Device.useTeam(of: options.threads)
    if store.pendingBackwards >= options.microBatches { store.pendingBackwards = 0 }
    if store.pendingBackwards > 0 { store.keepGradients() }
    for call in backwardCalls { call.run() }
    if store.pendingBackwards > 0 { store.addKeptGradients(options.threads) }
    store.pendingBackwards += 1
  }

  /// Lends the gradients of all parameters that are not frozen.
  public func withGradients<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    try store.withUpdatedGradients(body)
  }

  /// Lends the running statistics of all norms.
  public func withStatistics<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    try store.withStatistics(body)
  }

  /// The handle of a trainable parameter.
  public func parameter(_ name: String) throws(ExecutionError) -> ParameterID {
    guard let index = store.order.firstIndex(of: name), store.entries[name]?.slot.isTrainable == true else {
      throw .missingParameter(name)
    }
    return ParameterID(index: index)
  }

  /// The positions of a parameter's elements in its layout.
  public func order(of parameter: String) throws(ExecutionError) -> [Int32] {
    try store.places(of: parameter)
  }

  /// Lends a parameter's weights and gradient in their layout.
  public func withParameter<R>(
    _ parameter: ParameterID, _ body: (Span<Float>, inout MutableSpan<Float>) throws -> R
  ) rethrows -> R {
    try store.withParameter(parameter.index, body)
  }

  /// The gradients in plain layouts, by parameter.
  public func gradients() throws(ExecutionError) -> [String: Tensor] { try store.gradientTensors() }

  /// Updates all weights over the team of threads.
  public func update(_ rule: any UpdateRule, _ step: StepParameters) {
    Device.useTeam(of: options.threads)
    store.update(rule, step, threads: options.threads)
  }

  /// True if the last update left finite weights and the running statistics are finite.
  public var isFinite: Bool { store.isFinite }

  /// The state in plain layouts; reorders between layouts are exact.
  public func snapshot() -> TrainingState {
    do throws(ExecutionError) {
      return try store.snapshot()
    } catch {
      preconditionFailure("a plan's own layouts could not be read: \(error)")
    }
  }

  /// Loads a state in plain layouts.
  public func load(_ state: TrainingState) throws(ExecutionError) { try store.load(state) }

  /// The kernels of all calls: renewals of weights, then the forward and the backward pass.
  public var kernels: [KernelDescription] {
    (refreshCalls + forwardCalls + backwardCalls).map(\.description)
  }

  /// Runs a pass, then every call once more, and returns the seconds that each call took, for the bench.
  public func profile(_ images: Span<Float>, key: UInt64) -> [(kernel: KernelDescription, seconds: Double)] {
    forward(images, key: key)
    store.version += 1
    var times: [(KernelDescription, Double)] = []
    let clock = ContinuousClock()
    for call in refreshCalls + forwardCalls + backwardCalls {
      let elapsed = clock.measure { call.run() }
      times.append((call.description, elapsed / .seconds(1)))
    }
    return times
  }
}

/// The values of a plan that can be read or seeded from outside.
struct TapTable {
  private struct Entry {
    let name: String
    let count: Int
    let value: Operand
    let seed: Region?
    /// The destination of the plain copy; the value itself if it is plain already.
    let plain: Operand
    var reorder: PreparedCall?
    let memory: AlignedBuffer?
  }

  private var entries: [Entry] = []
  private let device: Device

  init(_ device: Device) { self.device = device }

  /// Makes a value readable, and writable if it takes a seed.
  mutating func add(_ value: Value, seed: Region?) throws(ExecutionError) {
    let layout = try Layout.plain(value.operand.layout.dimensions, .f32)
    value.operand.region.persist()
    let isPlain = layout.equals(value.operand.layout)
    let memory = isPlain ? nil : AlignedBuffer(byteCount: layout.byteCount)
    var plain = value.operand
    if let memory {
      plain = Operand(
        region: unsafe Region(byteCount: memory.byteCount, at: memory.baseAddress), layout: layout)
    }
    entries.append(
      Entry(
        name: value.name, count: value.shape.count, value: value.operand, seed: seed, plain: plain,
        memory: memory))
  }

  /// Prepares the copies; all addresses must be known.
  mutating func prepare(_ scratchpad: Region) throws(ExecutionError) {
    for index in entries.indices where entries[index].memory != nil {
      let entry = entries[index]
      let descriptor = unsafe try Descriptor("condense_reorder", node: entry.name) { handle, attributes in
        unsafe condense_reorder(
          &handle, device.engine, entry.value.layout.handle, entry.plain.layout.handle, attributes)
      }
      let call = PendingCall(
        description: KernelDescription(
          node: entry.name, pass: "tap", implementation: descriptor.implementation),
        work: .primitive(
          descriptor, [Argument(DNNL_ARG_FROM, entry.value), Argument(DNNL_ARG_TO, entry.plain)]),
        regions: [])
      entries[index].reorder = try PreparedCall(call, device, scratchpad: scratchpad)
    }
  }

  func id(of name: String) throws(ExecutionError) -> TapID {
    guard let index = entries.firstIndex(where: { $0.name == name }) else {
      throw .unknownTap(name, suggestion: nil)
    }
    return TapID(index: index, count: entries[index].count)
  }

  func read(_ tap: TapID, into values: inout MutableSpan<Float>) {
    let entry = entries[tap.index]
    precondition(values.count >= entry.count, "a tap of \(entry.count) floats read into \(values.count)")
    entry.reorder?.run()
    guard let source = unsafe entry.plain.region.address else { return }
    unsafe values.withUnsafeMutableBytes { bytes in
      unsafe bytes.baseAddress?.copyMemory(from: source, byteCount: entry.count * 4)
    }
  }

  func writeSeed(_ tap: TapID, _ gradient: Span<Float>) {
    let entry = entries[tap.index]
    precondition(gradient.count == entry.count, "a seed of \(gradient.count) floats, expected \(entry.count)")
    guard let target = unsafe entry.seed?.address else { return }
    unsafe gradient.withUnsafeBufferPointer { source in
      if let from = source.baseAddress { unsafe target.copyMemory(from: from, byteCount: entry.count * 4) }
    }
  }
}
