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

  /// Plans a network's memory; the arena is as small as it can be, but where `room` holds one with all the working memory
  /// that is of use.
  init(_ network: CNetwork, room: Int = 0) {
    let ordered = network.ordered()
    self.network = ordered.network
    orders = ordered.orders
    let lives = CLives(ordered.network)
    let least = CPlan.place(lives, ordered.network, growth: 0)
    let most = CPlan.place(lives, ordered.network, growth: 1, Self.endless)
    // Where there is no room, what is free at a step anyway.
    let chosen =
      most.arena.byteCount <= room
      ? most
      : [1.0, 0.5, 0.25].lazy.map { CPlan.place(lives, ordered.network, growth: $0, least.arena.byteCount) }
        .first { $0.arena.byteCount <= least.arena.byteCount } ?? least
    offsets = lives.owners.map { $0.map { chosen.arena.offsets[$0] } ?? 0 }
    let first = lives.buffers.count
    steps = lives.steps.enumerated().map { index, step in
      Placed(step: step, scratch: (chosen.arena.offsets[first + index], chosen.scratch[index]))
    }
    arenaBytes = max(chosen.arena.byteCount, 4)
    lowerBound = CArena.lowerBound(chosen.buffers)
  }

  /// An arena that holds any working memory.
  private static let endless = 1 << 40

  /// Places values and working memory, which takes a share of what is free at its step.
  private static func place(
    _ lives: CLives, _ network: CNetwork, growth: Double, _ arenaBytes: Int = 0
  ) -> (arena: CArena, scratch: [Int], buffers: [CArena.Buffer]) {
    let size = network.element.byteCount
    let scratch = lives.steps.enumerated().map { index, step in
      let range = step.kernel.scratch
      let used = lives.buffers.filter { $0.life.contains(index) }.reduce(0) {
        $0 + ($1.byteCount + 3) / 4 * 4
      }
      let free = Int(Double(max(arenaBytes - used, 0)) * growth)
      return min(max(range.lowerBound * size, free / 4 * 4), range.upperBound * size)
    }
    let buffers = lives.buffers + scratch.enumerated().map { CArena.Buffer(byteCount: $1, life: $0...$0) }
    return (CArena(buffers), scratch, buffers)
  }
}

/// How long each piece of memory is needed, and which values share one.
struct CLives {
  /// The steps that do something.
  private(set) var steps: [CNetwork.Step] = []
  /// The pieces of memory.
  private(set) var buffers: [CArena.Buffer] = []
  /// By value, its piece; `nil` for values that no step makes.
  private(set) var owners: [Int?]

  /// Follows a network's values: what is unmoved shares its input's memory, what works in place takes it over when
  /// nothing reads it later.
  init(_ network: CNetwork) {
    // First what is the same memory by definition.
    var same = Array(network.values.indices)
    for step in network.steps where step.kernel.placement == .unmoved {
      same[step.output] = same[step.inputs[0]]
    }
    steps = network.steps.filter { $0.kernel.placement != .unmoved }
    var ends = Array(repeating: 0, count: network.values.count)
    for (index, step) in steps.enumerated() {
      for value in step.inputs { ends[same[value]] = index }
      ends[same[step.output]] = max(ends[same[step.output]], index)
    }
    ends[same[network.output]] = max(steps.count - 1, 0)

    // Then what an input leaves to an output.
    var owner: [Int: Int] = [:]
    var pieces: [(count: Int, start: Int, end: Int)] = []
    let size = network.element.byteCount
    func open(_ value: Int, at start: Int) {
      owner[value] = pieces.count
      pieces.append((network.values[value].shape.count * size, start, ends[value]))
    }
    open(same[network.input], at: 0)
    for (index, step) in steps.enumerated() {
      let output = same[step.output]
      let heir = step.inputs.lazy.compactMap { owner[same[$0]] }.first {
        step.kernel.placement == .inPlace && pieces[$0].end == index
          && pieces[$0].count == network.values[step.output].shape.count * size
      }
      if let heir {
        owner[output] = heir
        pieces[heir].end = max(ends[output], index)
      } else {
        open(output, at: index)
      }
    }
    buffers = pieces.map { CArena.Buffer(byteCount: $0.count, life: $0.start...max($0.start, $0.end)) }
    owners = same.map { owner[$0] }
  }
}
