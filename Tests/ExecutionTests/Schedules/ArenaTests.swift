import Execution
import Tensors
import Testing

@Suite("Planning of the arena")
struct ArenaTests {
  private func randomBuffers(_ random: inout SeededRandom) -> [Arena.Buffer] {
    (0..<1 + random.below(24)).map { _ in
      let start = random.below(13)
      return Arena.Buffer(byteCount: random.below(301), life: start...start + random.below(6))
    }
  }

  @Test("No two buffers that live at once overlap, in 500 random plans", arguments: [4, 64])
  func nothingOverlaps(_ alignment: Int) {
    var random = SeededRandom(seed: 7, purpose: "arena")
    for _ in 0..<500 {
      let buffers = randomBuffers(&random)
      let arena = Arena(buffers, alignment: alignment)
      #expect(arena.byteCount >= Arena.lowerBound(buffers))
      for (i, a) in buffers.enumerated() {
        #expect(
          arena.offsets[i].isMultiple(of: alignment) && arena.offsets[i] + a.byteCount <= arena.byteCount)
        for (j, b) in buffers.enumerated() where j > i && a.life.overlaps(b.life) {
          #expect(
            arena.offsets[i] + a.byteCount <= arena.offsets[j]
              || arena.offsets[j] + b.byteCount <= arena.offsets[i] || a.byteCount == 0 || b.byteCount == 0)
        }
      }
    }
  }

  @Test("The most that lives at once is that of the fullest step, in 500 random plans")
  func lowerBound() {
    var random = SeededRandom(seed: 8, purpose: "lower bound")
    for _ in 0..<500 {
      let buffers = randomBuffers(&random)
      let bySteps = (0..<20).map { step in
        buffers.filter { $0.life.contains(step) }.reduce(0) { $0 + $1.byteCount }
      }
      #expect(Arena.lowerBound(buffers) == bySteps.max())
    }
    #expect(Arena.lowerBound([]) == 0 && Arena([], alignment: 4).byteCount == 0)
  }

  @Test("A chain takes what its largest pair takes")
  func chain() {
    let sizes = [784, 400, 1200, 80, 500, 12]
    let buffers = sizes.enumerated().map { Arena.Buffer(byteCount: $1, life: max($0 - 1, 0)...$0) }
    #expect(Arena(buffers, alignment: 4).byteCount == 1600)
    #expect(Arena.lowerBound(buffers) == 1600)
  }

  @Test("Where placing the largest first leaves a gap, the longest or the earliest first leaves none")
  func orders() {
    // Bytes and life of each buffer, with the minimum size of the arena; placing by size alone takes 10 and
    // 13 bytes here.
    let cases: [([(Int, ClosedRange<Int>)], Int)] = [
      ([(4, 0...0), (2, 1...3), (4, 0...1), (5, 2...3)], 8),
      ([(4, 3...5), (5, 1...3), (5, 0...2), (3, 3...4)], 12),
    ]
    for (buffers, least) in cases {
      let buffers = buffers.map { Arena.Buffer(byteCount: $0.0, life: $0.1) }
      #expect(Arena.lowerBound(buffers) == least)
      #expect(Arena(buffers, alignment: 1).byteCount == least)
    }
  }
}
