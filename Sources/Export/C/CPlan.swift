import Execution
import Graphs
import Tensors

/// A network with a memory place for every value, ready to be written.
struct CPlan: Sendable {
  /// A step with its places.
  struct Placed: Sendable {
    /// The call of the kernel.
    let step: CNetwork.Step
    /// The working memory: its offset in the arena and its size in bytes.
    let scratch: (offset: Int, byteCount: Int)
  }

  /// The network, with reordering steps.
  let network: CNetwork
  /// The memory order of each value.
  let orders: [COrder]
  /// The offset of each value in the arena, in bytes.
  let offsets: [Int]
  /// The steps that execute code, in order.
  let steps: [Placed]
  /// The size of the arena in bytes.
  let arenaBytes: Int
  /// The most bytes that live at once, with working memory: a lower bound for the arena.
  let lowerBound: Int
  /// True if the ratios of all layers with weights are powers of two.
  let rescalesByShifts: Bool

  /// Plans the memory of a network.
  ///
  /// The arena is as small as possible, unless one with all useful working memory fits into `room` bytes.
  init(_ network: CNetwork, room: Int = 0) {
    let ordered = network.ordered()
    self.network = ordered.network
    orders = ordered.orders
    let schedule = ordered.network.schedule
    let memory = schedule.placed(alignment: Self.alignment, room: room)
    offsets = memory.offsets
    steps = zip(schedule.order, memory.scratch).map { position, scratch in
      Placed(step: ordered.network.steps[position], scratch: scratch)
    }
    arenaBytes = max(memory.byteCount, Self.alignment)
    lowerBound = memory.lowerBound
    let layers = steps.compactMap { ($0.step.kernel as? CProducts)?.kernel.products }
    rescalesByShifts = !layers.isEmpty && layers.allSatisfy(\.rescalesByShifts)
  }

  /// The alignment of values: that of 32-bit numbers.
  private static let alignment = 4
}

extension CNetwork {
  /// The execution order with the lifetimes of values.
  fileprivate var schedule: Schedule {
    let size = element.byteCount
    return Schedule(
      bytes: values.map { $0.shape.count * size },
      steps: steps.map { step in
        let scratch = step.kernel.scratch
        return Schedule.Step(
          step.inputs, step.output, placement: step.kernel.placement,
          scratch: scratch.lowerBound * size...scratch.upperBound * size)
      }, inputs: [input], kept: [output])
  }
}
