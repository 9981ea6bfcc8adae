import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

@Suite("Codebooks")
struct CodebookTests {
  private func apply(_ values: [Float], _ body: (inout MutableSpan<Float>) -> Void) -> [Float] {
    var values = values
    var span = values.mutableSpan
    body(&span)
    return values
  }

  @Test("Members become their mean; the fixed zero stays zero")
  func projection() {
    let values: [Float] = [1, 2, 4, -6, 0.5, 3]
    let free = Codebook(assignments: [0, 0, 1, 1, 0, 2], count: 4, hasZero: false)
    let first: Float = 3.5 / 3
    let means: [Float] = [first, first, -1, -1, first, 3]
    #expect(apply(values) { free.project(&$0, shape: [6]) } == means)
    let zero = Codebook(assignments: [0, 0, 1, 1, 0, 2], count: 3, hasZero: true)
    #expect(apply(values) { zero.project(&$0, shape: [6]) } == [0, 0, -1, -1, 0, 3])
    #expect(zero.nonZeroCount(values.span) == 3)
    #expect(free.bits == 2 && Codebook(assignments: [], count: 1, hasZero: false).bits == 1)
    #expect(Codebook(assignments: [], count: 33, hasZero: false).bits == 6)
  }

  @Test("A step along the tied gradient is the projection of a step along the free one")
  func gradientIsProjected() {
    let codebook = Codebook(
      assignments: (0..<60).map { UInt16($0 * 7 % 5) }, count: 5, hasZero: true)
    let masters = apply(Tensor(random: [60], seed: 1).values) { codebook.project(&$0, shape: [60]) }
    let gradient = Tensor(random: [60], seed: 2).values
    let tied = apply(gradient) { codebook.backward(&$0, masters: masters.span, shape: [60]) }
    let stepped = zip(masters, tied).map { $0 - 0.1 * $1 }
    let free = apply(zip(masters, gradient).map { $0 - 0.1 * $1 }) { codebook.project(&$0, shape: [60]) }
    #expect(zip(stepped, free).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(Set(tied).count == 5)
  }

  @Test("A mask moves elements to the fixed zero, which it adds where there is none")
  func masked() {
    let mask = Mask([true, false, true, false])
    let free = Codebook(assignments: [0, 0, 1, 1], count: 2, hasZero: false).masked(by: mask)
    #expect(free == Codebook(assignments: [1, 0, 2, 0], count: 3, hasZero: true))
    #expect(free.masked(by: mask) == free)
    #expect(apply([1, 5, 2, 7]) { free.project(&$0, shape: [4]) } == [1, 0, 2, 0])
  }

  @Test("Slices keep their clusters")
  func slices() {
    let codebook = Codebook(assignments: [0, 1, 2, 2, 1, 0], count: 3, hasZero: false)
    #expect(codebook.sliced([1: [0, 2]], shape: [2, 3]).assignments == [0, 2, 2, 0])
  }

  @Test("Files give back what was projected, alone and within a mask")
  func roundTrip() throws {
    let values = Tensor(random: [4, 25], in: -2...2, seed: 3)
    let codebook = Codebook(
      assignments: values.values.map { $0 < -1 ? 0 : $0 < 0.5 ? 1 : 2 }, count: 3, hasZero: false)
    let once = Parameter(values, encoding: codebook).projected
    let (restored, tensor) = try Codebook.restore(codebook.store(once), shape: [4, 25])
    #expect(restored == codebook && tensor == once)
    let sparse = Sparse(mask: Mask(values.values.map { $0 > 0 }), inner: codebook)
    let masked = Parameter(values, encoding: sparse).projected
    let (again, maskedTensor) = try Sparse.restore(sparse.store(masked), shape: [4, 25])
    #expect(again == sparse && maskedTensor == masked)
    #expect(Set(masked.values).count == 3)
  }

  @Test("What a file cannot mean is refused")
  func hostile() {
    let codebook = Codebook(assignments: [0, 1, 2, 1], count: 3, hasZero: true)
    let good = codebook.store(Tensor([0, 1, 2, 1], shape: [4]))
    func refused(_ words: String, _ change: (inout StoredTensor) -> Void) {
      var stored = good
      change(&stored)
      let message = errorMessage { _ = try Codebook.restore(stored, shape: [4]) }
      #expect(message.contains(words), "\(message)")
    }
    refused("nothing thrown") { _ in }
    refused("zero") { $0.streams[0].symbols[0] = Float(1).bitPattern }
    refused("inf") { $0.streams[0].symbols[1] = Float.infinity.bitPattern }
    refused("centroids") { $0.streams[0].symbols = [] }
    refused("below 3") { $0.streams[1].symbols[0] = 3 }
    refused("assignments") { $0.streams[1].symbols.append(0) }
    refused("2 bits") { $0.streams[1].bits = 3 }
  }

  @Test("On a grid a mean becomes the nearest integer of it, once, and stays that")
  func grid() {
    let grid = Integer(bits: 4, scales: [0.5])
    let codebook = Codebook(assignments: [0, 0, 1, 1, 2], count: 3, hasZero: false, grid: grid)
    let values: [Float] = [1, 1.4, -0.3, -0.5, 9]
    let once = apply(values) { codebook.project(&$0, shape: [5]) }
    // Means 1.2, -0.4 and 9; the last is clipped to the largest 4-bit integer, 7.
    #expect(once == [1, 1, -0.5, -0.5, 3.5])
    #expect(apply(once) { codebook.project(&$0, shape: [5]) } == once)
    #expect(!codebook.keepsProjectedMasters && codebook.onGrid(nil).keepsProjectedMasters)
    #expect(codebook.bits == 2)
  }

  @Test(
    "On a grid the gradient is the cluster's mean, straight through the rounding, and zero beyond the grid")
  func gridGradient() {
    let grid = Integer(bits: 4, scales: [0.5])
    let codebook = Codebook(assignments: [0, 0, 1, 1, 2, 2], count: 3, hasZero: false, grid: grid)
    // Means 1.2, 3.75 (the end of the last step) and 3.8.
    let masters: [Float] = [1, 1.4, 3.5, 4, 3.6, 4]
    let passed = apply([1, 3, 2, 4, 5, 7]) {
      codebook.backward(&$0, masters: masters.span, shape: [6])
    }
    #expect(passed == [2, 2, 3, 3, 0, 0])
  }

  @Test("A grid follows slices and masks, and is stored as a scale and small integers")
  func gridStorage() throws {
    let grid = Integer(bits: 8, scales: [0.25])
    let codebook = Codebook(assignments: [0, 1, 1, 0], count: 2, hasZero: false, grid: grid)
    #expect(codebook.sliced([0: [1]], shape: [2, 2]).grid == grid)
    #expect(codebook.masked(by: Mask([true, false, true, true])).grid == grid)
    let stored = codebook.store(Tensor([-2, 1.5, 1.5, -2], shape: [2, 2]))
    #expect(stored.numbers == ["zero": 0, "bits": 8])
    #expect(stored.streams.map(\.name) == ["scale", "integers", "assignments"])
    #expect(stored.streams[0].symbols == [Float(0.25).bitPattern])
    #expect(stored.streams[1].symbols == [0xF8, 6] && stored.streams[1].bits == 8)
    let (restored, tensor) = try Codebook.restore(stored, shape: [2, 2])
    #expect(restored == codebook && tensor.values == [-2, 1.5, 1.5, -2])
  }

  @Test("A grid that a file cannot mean is refused")
  func hostileGrid() {
    let codebook = Codebook(
      assignments: [0, 1, 2, 1], count: 3, hasZero: true, grid: Integer(bits: 4, scales: [0.5]))
    let good = codebook.store(Tensor([0, 1, 2, 1], shape: [4]))
    func refused(_ words: String, _ change: (inout StoredTensor) -> Void) {
      var stored = good
      change(&stored)
      let message = errorMessage { _ = try Codebook.restore(stored, shape: [4]) }
      #expect(message.contains(words), "\(message)")
    }
    refused("nothing thrown") { _ in }
    refused("zero") { $0.streams[1].symbols[0] = 1 }
    refused("-7…7") { $0.streams[1].symbols[1] = 8 }
    refused("below 16") { $0.streams[1].symbols[1] = 16 }
    refused("2…16") { $0.numbers["bits"] = 32 }
    refused("2…16") { $0.numbers["bits"] = 0 }
    refused("4 bits") { $0.streams[1].bits = 5 }
    refused("1 number") { $0.streams[0].symbols.append(1) }
    refused("positive") { $0.streams[0].symbols[0] = Float.nan.bitPattern }
    refused("positive") { $0.streams[0].symbols[0] = 1 }
    refused("centroids") { $0.streams[1].symbols = [] }
    refused("missing") { $0.streams.remove(at: 0) }
    refused("below 3") { $0.streams[2].symbols[0] = 3 }
  }
}
