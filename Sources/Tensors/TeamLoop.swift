import CGomp

/// A loop over ranges that oneDNN's OpenMP team runs repeatedly, without an allocation for each run.
///
///     let scale = TeamLoop { range in for i in range { … } }
///     scale.run(elements, threads: 2)
///
/// `body` is called from several threads at once, and must only write what its range owns.
public final class TeamLoop {
  private let body: (Range<Int>) -> Void

  /// Makes a loop.
  public init(_ body: @escaping (Range<Int>) -> Void) { self.body = body }

  /// Runs `body` over 0..<count in contiguous ranges, at most one for each thread.
  ///
  /// Ranges are multiples of `grain` (the last may be shorter), and depend on `count`, `grain` and `threads`
  /// alone. A single range runs on the calling thread.
  public func run(_ count: Int, grain: Int = 4096, threads: Int) {
    TeamWork.run(count, grain: grain, threads: threads, body)
  }
}

/// The data of one run, which the team's threads read; it outlives the call.
struct TeamWork {
  let count: Int
  let size: Int
  let parts: Int
  let body: (Range<Int>) -> Void

  /// Splits 0..<count into ranges, and runs `body` over them.
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

  /// Runs the parts of one thread: every n-th part in a team of n, so that a smaller team still runs all
  /// parts.
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
