import CDNNL
import Execution
import Graphs
import Tensors

/// The memory of a plan; regions point into it.
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

/// What a plan is made of.
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

  /// Places memory and prepares every call.
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

  /// Points the stand-ins of parameters and gradients into the store's arenas.
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
