/// Runs `body` over 0..<count in contiguous ranges, one per thread of oneDNN's own OpenMP team.
///
/// Ranges are multiples of `grain` (the last may be shorter) and depend on `count`, `grain` and `threads` alone.
/// `body` is called from several threads at once and must only write what its range owns. With one range it runs
/// on the calling thread. A second pool beside the team would make both wait for the same cores at every barrier.
/// What runs at every step is a `TeamLoop`, made once: lending `body` to the team allocates.
public func parallelChunks(_ count: Int, grain: Int = 4096, threads: Int, _ body: (Range<Int>) -> Void) {
  withoutActuallyEscaping(body) { TeamWork.run(count, grain: grain, threads: threads, $0) }
}
