import CGomp

/// A loop over ranges that oneDNN's own OpenMP team runs again and again: made once, it runs without an allocation.
///
///     let scale = TeamLoop { range in for i in range { … } }
///     scale.run(elements, threads: 2)
///
/// `body` is called from several threads at once and must only write what its range owns.
public final class TeamLoop {
  private let body: (Range<Int>) -> Void

  /// Makes a loop.
  public init(_ body: @escaping (Range<Int>) -> Void) { self.body = body }

  /// Runs `body` over 0..<count in contiguous ranges, at most one a thread.
  ///
  /// Ranges are multiples of `grain` (the last may be shorter) and depend on `count`, `grain` and `threads` alone. One
  /// range runs on the calling thread.
  public func run(_ count: Int, grain: Int = 4096, threads: Int) {
    TeamWork.run(count, grain: grain, threads: threads, body)
  }
}

/// What one run hands to the team's threads; it outlives the call that reads it.
struct TeamWork {
  let count: Int
  let size: Int
  let parts: Int
  let body: (Range<Int>) -> Void

  /// Splits 0..<count and runs `body` over the ranges.
  static func run(_ count: Int, grain: Int, threads: Int, _ body: @escaping (Range<Int>) -> Void) {
    guard count > 0 else { return }
    let blocks = (count + grain - 1) / grain
    let parts = max(1, min(threads, blocks))
    guard parts > 1 else { return body(0..<count) }
    let size = (blocks + parts - 1) / parts * grain
    var work = TeamWork(count: count, size: size, parts: parts, body: body)
    unsafe withUnsafeMutablePointer(to: &work) { work in
      unsafe GOMP_parallel({ unsafe TeamWork.runShare($0) }, work, UInt32(parts), 0)
    }
  }

  /// Each thread takes every `threads`-th part, so a team that is smaller than asked for still does all of it.
  private static func runShare(_ data: UnsafeMutableRawPointer?) {
    guard let work = unsafe data?.assumingMemoryBound(to: TeamWork.self) else { return }
    let team = Int(omp_get_num_threads())
    for part in stride(from: Int(omp_get_thread_num()), to: unsafe work.pointee.parts, by: team) {
      let start = unsafe part * work.pointee.size
      let end = unsafe min(start + work.pointee.size, work.pointee.count)
      if start < end { unsafe work.pointee.body(start..<end) }
    }
  }
}
