/// A schedule with a place for every value and all working memory.
public struct MemoryPlan: Sendable {
  /// The first byte of each value; 0 for values that no step touches.
  public let offsets: [Int]
  /// The offset and size in bytes of the working memory, for each step that runs.
  public let scratch: [(offset: Int, byteCount: Int)]
  /// The size of the whole in bytes.
  public let byteCount: Int
  /// The most bytes that live at the same time, working memory included; no arena is smaller.
  public let lowerBound: Int
}

extension Schedule {
  /// Places values and working memory at multiples of `alignment` bytes.
  ///
  /// The arena is as small as possible. If all useful working memory fits into `room` bytes, steps get all of
  /// it; else they get what is free at their time anyway.
  public func placed(alignment: Int, room: Int = 0) -> MemoryPlan {
    let least = place(alignment, growth: 0)
    guard steps.contains(where: { $0.scratch.count > 1 }) else { return plan(least) }
    let most = place(alignment, growth: 1, Self.endless)
    if most.arena.byteCount <= room { return plan(most) }
    // Without enough room, working memory gets what is free at its step anyway.
    let chosen = [1.0, 0.5, 0.25].lazy.map { place(alignment, growth: $0, least.arena.byteCount) }
      .first { $0.arena.byteCount <= least.arena.byteCount }
    return plan(chosen ?? least)
  }

  private typealias Placed = (arena: Arena, scratch: [Int], buffers: [Arena.Buffer])

  /// The size of an arena that can hold any working memory.
  private static let endless = 1 << 40

  /// Places values and working memory, which takes the share `growth` of the bytes that are free at its step.
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
