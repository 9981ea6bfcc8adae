import Synchronization
import Tensors
import Testing

@Suite("Parallel chunks")
struct ParallelChunksTests {
  private func ranges(_ count: Int, grain: Int, threads: Int) -> [Range<Int>] {
    let found = Mutex<[Range<Int>]>([])
    parallelChunks(count, grain: grain, threads: threads) { range in found.withLock { $0.append(range) } }
    return found.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
  }

  @Test(
    "every index is covered once, whatever the size",
    arguments: [0, 1, 2, 3, 5, 63, 64, 65, 1000, 4096, 4097, 99_991],
    [1, 7, 64, 4096])
  func coverage(_ count: Int, _ grain: Int) {
    for threads in [1, 2, 3, 8] {
      let ranges = ranges(count, grain: grain, threads: threads)
      #expect(ranges.flatMap { Array($0) } == Array(0..<count))
      #expect(ranges.count <= threads)
      #expect(ranges.allSatisfy { !$0.isEmpty })
    }
  }

  @Test("ranges start at multiples of the grain and are the same each time")
  func boundaries() {
    let first = ranges(10_000, grain: 128, threads: 3)
    #expect(first.allSatisfy { $0.lowerBound % 128 == 0 })
    #expect(first.count == 3)
    for _ in 0..<20 { #expect(ranges(10_000, grain: 128, threads: 3) == first) }
  }

  @Test("one thread works on the caller's range at once")
  func single() {
    #expect(ranges(10_000, grain: 16, threads: 1) == [0..<10_000])
  }
}
