/// Runs `body` over 0..<count in contiguous ranges, one for each thread of oneDNN's OpenMP team.
///
/// Ranges are multiples of `grain` (the last may be shorter), and depend on `count`, `grain` and `threads`
/// alone. `body` is called from several threads at once, and must only write what its range owns. A single
/// range runs on the calling thread.
///
/// The team is shared, since with a second pool both would wait for the same cores at every barrier. Lending
/// `body` to the team allocates, so code that runs at every step should use a `TeamLoop`, which is made once.
public func parallelChunks(_ count: Int, grain: Int = 4096, threads: Int, _ body: (Range<Int>) -> Void) {
  withoutActuallyEscaping(body) { TeamWork.run(count, grain: grain, threads: threads, $0) }
}
