import CDNNL
import Execution
import Graphs
import Tensors

/// The memory of a plan, into which regions point.
final class PlanMemory {
  let transient: AlignedBuffer
  let persistent: [AlignedBuffer]
  let scratchpad: AlignedBuffer

  init(transient: AlignedBuffer, persistent: [AlignedBuffer], scratchpad: AlignedBuffer) {
    self.transient = transient
    self.persistent = persistent
    self.scratchpad = scratchpad
  }
}

/// The parts of a plan, with all memory placed.
struct PlanParts {
  let options: PlanOptions
  let store: WeightStore
  let refresh: [PreparedCall]
  let forward: [PreparedCall]
  let backward: [PreparedCall]
  let inputs: [(region: Region, count: Int)]
  let taps: TapTable
  let step: StepKey
  let memory: PlanMemory

  /// Places all memory and prepares every call.
  init(_ builder: PlanBuilder, _ store: WeightStore) throws(ExecutionError) {
    self.options = builder.options
    self.store = store
    step = builder.step
    try Self.placeParameters(builder, store)
    var taps = TapTable(builder.device)
    for name in Set(builder.graph.outputs + options.taps + options.seeds).sorted() {
      guard let value = builder.values[name] else { throw .unknownTap(name, suggestion: nil) }
      try taps.add(value, seed: builder.seeds[name])
    }
    let scratchpad = try Self.scratchpad(builder)
    memory = Self.place(builder, scratchpad)
    func prepared(_ calls: [PendingCall]) throws(ExecutionError) -> [PreparedCall] {
      var list: [PreparedCall] = []
      for call in calls { list.append(try PreparedCall(call, builder.device, scratchpad: scratchpad)) }
      return list
    }
    refresh = try prepared(builder.refresh)
    forward = try prepared(builder.forward)
    backward = try prepared(builder.backward)
    var inputs: [(region: Region, count: Int)] = []
    for input in builder.graph.inputs {
      guard let value = builder.values[input.name] else { throw .unknownInput(input.name, suggestion: nil) }
      inputs.append((value.operand.region, value.shape.count))
    }
    self.inputs = inputs
    try taps.prepare(scratchpad)
    self.taps = taps
  }

  /// Places the stand-ins of parameters and gradients in the store's arenas.
  private static func placeParameters(_ builder: PlanBuilder, _ store: WeightStore) throws(ExecutionError) {
    for (name, stand) in builder.masters {
      if let address = unsafe try store.master(name).region.address { unsafe stand.region.place(at: address) }
    }
    for (name, stand) in builder.gradients {
      if let address = unsafe try store.gradient(name).region.address {
        unsafe stand.region.place(at: address)
      }
    }
  }

  private static func scratchpad(_ builder: PlanBuilder) throws(ExecutionError) -> Region {
    var bytes = 0
    for call in builder.refresh + builder.forward + builder.backward {
      guard case .primitive(let descriptor, _) = call.work else { continue }
      bytes = max(bytes, try Layout.scratchpad(of: descriptor)?.byteCount ?? 0)
    }
    return Region(byteCount: bytes + (1 << 20), .persistent)
  }

  private static func place(_ builder: PlanBuilder, _ scratchpad: Region) -> PlanMemory {
    let moving = builder.regions.filter { $0.kind == .transient }
    let places = Dictionary(
      zip(moving.map(ObjectIdentifier.init), 0...), uniquingKeysWith: { first, _ in first })
    let schedule = Schedule(
      bytes: moving.map(\.byteCount),
      steps: (builder.refresh + builder.forward + builder.backward).map { call in
        Schedule.Step(call.regions.compactMap { places[ObjectIdentifier($0)] })
      }, inputs: [], kept: [])
    let plan = schedule.placed(alignment: AlignedBuffer.alignment)
    let transient = AlignedBuffer(byteCount: plan.byteCount)
    for (place, region) in moving.enumerated() where schedule.owners[place] != nil {
      unsafe region.place(at: transient.baseAddress + plan.offsets[place])
    }
    var persistent: [AlignedBuffer] = []
    for region in builder.regions where region.kind == .persistent {
      let buffer = AlignedBuffer(byteCount: region.byteCount)
      unsafe region.place(at: buffer.baseAddress)
      persistent.append(buffer)
    }
    let scratch = AlignedBuffer(byteCount: scratchpad.byteCount)
    unsafe scratchpad.place(at: scratch.baseAddress)
    return PlanMemory(transient: transient, persistent: persistent, scratchpad: scratch)
  }
}

/// An argument of a primitive: its index and the tensor.
struct Argument {
  let index: Int32
  let operand: Operand

  init(_ index: Int32, _ operand: Operand) {
    self.index = index
    self.operand = operand
  }
}

/// A call whose memory is not placed yet.
struct PendingCall {
  enum Work {
    /// A primitive of oneDNN and its arguments.
    case primitive(Descriptor, [Argument])
    /// A native pass; the closure reads addresses when it runs.
    case native(() -> Void)
  }

  let description: KernelDescription
  let work: Work
  /// The regions that the call touches.
  let regions: [Region]
}

/// A call that is ready to run, with all arguments fixed.
///
/// Invariant: handles are valid from `init` to `deinit`; memory objects point into regions that the plan
/// keeps alive.
@safe final class PreparedCall {
  let description: KernelDescription
  private let primitive: dnnl_primitive_t?
  private let arguments: UnsafeMutablePointer<dnnl_exec_arg_t>
  private let count: Int
  private let stream: dnnl_stream_t
  private let native: (() -> Void)?

  init(_ call: PendingCall, _ device: Device, scratchpad: Region) throws(ExecutionError) {
    description = call.description
    unsafe stream = unsafe device.stream
    switch call.work {
    case .native(let body):
      native = body
      unsafe primitive = nil
      count = 0
      unsafe arguments = UnsafeMutablePointer<dnnl_exec_arg_t>.allocate(capacity: 1)
    case .primitive(let descriptor, let operands):
      native = nil
      var all = operands
      if let layout = try Layout.scratchpad(of: descriptor) {
        all.append(Argument(DNNL_ARG_SCRATCHPAD, Operand(region: scratchpad, layout: layout)))
      }
      var handle: dnnl_primitive_t?
      let name = call.description.node
      try unsafe check("dnnl_primitive_create", node: name, dnnl_primitive_create(&handle, descriptor.handle))
      unsafe primitive = unsafe handle
      count = all.count
      unsafe arguments = UnsafeMutablePointer<dnnl_exec_arg_t>.allocate(capacity: max(1, all.count))
      for (position, argument) in all.enumerated() {
        var memory: dnnl_memory_t?
        try unsafe check(
          "condense_memory", node: name,
          condense_memory(
            &memory, argument.operand.layout.handle, device.engine, argument.operand.region.address))
        unsafe (arguments + position).initialize(to: dnnl_exec_arg_t(arg: argument.index, memory: memory))
      }
    }
  }

  deinit {
    for position in 0..<count { unsafe dnnl_memory_destroy(arguments[position].memory) }
    unsafe arguments.deallocate()
    if let primitive = unsafe primitive { unsafe dnnl_primitive_destroy(primitive) }
  }

  /// Runs the call, and returns when it is done.
  func run() {
    if let native { return native() }
    let status = unsafe dnnl_primitive_execute(primitive, stream, Int32(count), arguments)
    precondition(
      status == dnnl_success,
      "\(description.node) \(description.pass): a prepared call failed (\(status.rawValue))")
  }
}

extension Layout {
  /// The layout of a primitive's working memory; `nil` if it needs none.
  static func scratchpad(of descriptor: Descriptor) throws(ExecutionError) -> Layout? {
    try query(descriptor, dnnl_query_scratchpad_md, [], .f32)
  }
}
