import CGomp

/// Runs `body` over 0..<count in contiguous ranges, one per thread of oneDNN's own OpenMP team.
///
/// Ranges are multiples of `grain` (the last may be shorter) and depend on `count`, `grain` and `threads` alone.
/// `body` is called from several threads at once and must only write what its range owns. With one range it runs
/// on the calling thread. A second pool beside the team would make both wait for the same cores at every barrier.
public func parallelChunks(_ count: Int, grain: Int = 4096, threads: Int, _ body: (Range<Int>) -> Void) {
  guard count > 0 else { return }
  let blocks = (count + grain - 1) / grain
  let parts = max(1, min(threads, blocks))
  guard parts > 1 else { return body(0..<count) }
  let size = (blocks + parts - 1) / parts * grain
  withoutActuallyEscaping(body) { body in
    var work = TeamWork(count: count, size: size, parts: parts, body: body)
    unsafe withUnsafeMutablePointer(to: &work) { work in
      unsafe GOMP_parallel({ unsafe TeamWork.run($0) }, work, UInt32(parts), 0)
    }
  }
}

/// What one call of `parallelChunks` hands to the team's threads; it outlives the call that reads it.
private struct TeamWork {
  let count: Int
  let size: Int
  let parts: Int
  let body: (Range<Int>) -> Void

  /// Each thread takes every `threads`-th part, so a team that is smaller than asked for still does all of it.
  static func run(_ data: UnsafeMutableRawPointer?) {
    guard let work = unsafe data?.assumingMemoryBound(to: TeamWork.self) else { return }
    let team = Int(omp_get_num_threads())
    for part in stride(from: Int(omp_get_thread_num()), to: unsafe work.pointee.parts, by: team) {
      let start = unsafe part * work.pointee.size
      let end = unsafe min(start + work.pointee.size, work.pointee.count)
      if start < end { unsafe work.pointee.body(start..<end) }
    }
  }
}
