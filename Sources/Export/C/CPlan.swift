import Execution
import Graphs
import Tensors

/// A network with a place for every value: what is left is writing it down.
struct CPlan: Sendable {
  /// A step with its places.
  struct Placed: Sendable {
    /// The kernel call.
    let step: CNetwork.Step
    /// Bytes of working memory and where they begin.
    let scratch: (offset: Int, byteCount: Int)
  }

  /// The network, with reordering steps.
  let network: CNetwork
  /// By value, how it lies in memory.
  let orders: [COrder]
  /// By value, where it begins in the arena.
  let offsets: [Int]
  /// The steps that do something, in order.
  let steps: [Placed]
  /// The bytes of the arena.
  let arenaBytes: Int
  /// The most bytes that live at once, working memory included.
  let lowerBound: Int
  /// Whether ratios of all layers with weights are powers of two.
  let rescalesByShifts: Bool

  /// Plans a network's memory; the arena is as small as it can be, but where `room` holds one with all the working memory
  /// that is of use.
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

  /// Where values may begin: at what 32-bit numbers need.
  private static let alignment = 4
}

extension CNetwork {
  /// What runs in which order, and how long values are needed.
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
