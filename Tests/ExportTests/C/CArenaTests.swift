import TestSupport
import Testing

@testable import Export

@Suite("Planning of the arena")
struct CArenaTests {
  private func randomBuffers(_ random: inout RandomKernels) -> [CArena.Buffer] {
    (0..<random.integer(1...24)).map { _ in
      let start = random.integer(0...12)
      return CArena.Buffer(byteCount: random.integer(0...300), life: start...start + random.integer(0...5))
    }
  }

  @Test("No two buffers that live at once overlap, in 500 random plans")
  func nothingOverlaps() {
    var random = RandomKernels("arena")
    for _ in 0..<500 {
      let buffers = randomBuffers(&random)
      let arena = CArena(buffers)
      #expect(arena.byteCount >= CArena.lowerBound(buffers))
      for (i, a) in buffers.enumerated() {
        #expect(arena.offsets[i] % 4 == 0 && arena.offsets[i] + a.byteCount <= arena.byteCount)
        for (j, b) in buffers.enumerated() where j > i && a.life.overlaps(b.life) {
          #expect(
            arena.offsets[i] + a.byteCount <= arena.offsets[j]
              || arena.offsets[j] + b.byteCount <= arena.offsets[i] || a.byteCount == 0 || b.byteCount == 0)
        }
      }
    }
  }

  @Test("A chain takes what its largest pair takes")
  func chain() {
    let sizes = [784, 400, 1200, 80, 500, 12]
    let buffers = sizes.enumerated().map { CArena.Buffer(byteCount: $1, life: max($0 - 1, 0)...$0) }
    #expect(CArena(buffers).byteCount == 1600)
    #expect(CArena.lowerBound(buffers) == 1600)
  }
}
