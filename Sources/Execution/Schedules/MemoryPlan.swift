/// A schedule with a place for every value and all working memory.
public struct MemoryPlan: Sendable {
  /// By value, its first byte; 0 for values that nothing touches.
  public let offsets: [Int]
  /// By step that runs, where its working memory begins and how many bytes it has.
  public let scratch: [(offset: Int, byteCount: Int)]
  /// The bytes of the whole.
  public let byteCount: Int
  /// The most bytes that live at once, working memory included: no arena is smaller.
  public let lowerBound: Int
}

extension Schedule {
  /// Places everything at multiples of `alignment`; the arena is as small as it can be, but where `room` holds one with all the
  /// working memory that is of use.
  public func placed(alignment: Int, room: Int = 0) -> MemoryPlan {
    let least = place(alignment, growth: 0)
    guard steps.contains(where: { $0.scratch.count > 1 }) else { return plan(least) }
    let most = place(alignment, growth: 1, Self.endless)
    if most.arena.byteCount <= room { return plan(most) }
    // Where there is no room, what is free at a step anyway.
    let chosen = [1.0, 0.5, 0.25].lazy.map { place(alignment, growth: $0, least.arena.byteCount) }
      .first { $0.arena.byteCount <= least.arena.byteCount }
    return plan(chosen ?? least)
  }

  private typealias Placed = (arena: Arena, scratch: [Int], buffers: [Arena.Buffer])

  /// An arena that holds any working memory.
  private static let endless = 1 << 40

  /// Places values and working memory, which takes a share of what is free at its step.
  private func place(_ alignment: Int, growth: Double, _ arenaBytes: Int = 0) -> Placed {
    let scratch = steps.enumerated().map { index, step in
      guard step.scratch.count > 1 else { return step.scratch.lowerBound }
      let used = buffers.filter { $0.life.contains(index) }.reduce(0) {
        $0 + ($1.byteCount + alignment - 1) / alignment * alignment
      }
      let free = Int(Double(max(arenaBytes - used, 0)) * growth)
      return min(max(step.scratch.lowerBound, free / alignment * alignment), step.scratch.upperBound)
    }
    let working = scratch.enumerated().filter { $0.element > 0 }.map {
      Arena.Buffer(byteCount: $0.element, life: $0.offset...$0.offset)
    }
    let all = buffers + working
    return (Arena(all, alignment: alignment), scratch, all)
  }

  private func plan(_ placed: Placed) -> MemoryPlan {
    var next = buffers.count
    let scratch = placed.scratch.map { bytes in
      defer { if bytes > 0 { next += 1 } }
      return (bytes > 0 ? placed.arena.offsets[next] : 0, bytes)
    }
    return MemoryPlan(
      offsets: owners.map { $0.map { placed.arena.offsets[$0] } ?? 0 }, scratch: scratch,
      byteCount: placed.arena.byteCount, lowerBound: Arena.lowerBound(placed.buffers))
  }
}
