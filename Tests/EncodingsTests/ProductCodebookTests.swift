import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

@Suite("Product quantization")
struct ProductCodebookTests {
  private func apply(_ values: [Float], _ body: (inout MutableSpan<Float>) -> Void) -> [Float] {
    var values = values
    var span = values.mutableSpan
    body(&span)
    return values
  }

  /// Two rows, each of two sub-vectors with two elements.
  private let values: [Float] = [1, 2, 10, 20, 3, 6, 30, 40]

  @Test("Sub-vectors become the mean of those of their centroid, of all subspaces or of their own")
  func projection() {
    let shared = ProductCodebook(assignments: [0, 0, 1, 1], subspaces: 2, width: 2, count: 2)
    #expect(
      apply(values) { shared.project(&$0, shape: [2, 4]) } == [5.5, 11, 5.5, 11, 16.5, 23, 16.5, 23])
    let own = ProductCodebook(
      assignments: [0, 0, 0, 1], subspaces: 2, width: 2, count: 2, hasOwnBooks: true)
    #expect(apply(values) { own.project(&$0, shape: [2, 4]) } == [2, 4, 10, 20, 2, 4, 30, 40])
    #expect(shared.assignmentBits == 1 && shared.bits == 1 && shared.books == 1 && own.books == 2)
    let wide = ProductCodebook(assignments: [0, 0, 1, 1], subspaces: 2, width: 2, count: 200)
    #expect(wide.assignmentBits == 8 && wide.bits == 4)
  }

  @Test("The gradient is the mean over tied elements, and on a grid zero beyond it")
  func gradient() {
    let shared = ProductCodebook(assignments: [0, 0, 1, 1], subspaces: 2, width: 2, count: 2)
    let passed = apply([1, 2, 3, 4, 5, 6, 7, 8]) {
      shared.backward(&$0, masters: values.span, shape: [2, 4])
    }
    #expect(passed == [2, 3, 2, 3, 6, 7, 6, 7])
    // Means 5.5, 11, 16.5 and 23; the largest number of 4 bits is 14, and gradients pass up to 15.
    let onGrid = shared.onGrid(Integer(bits: 4, scales: [2]))
    let rounded = apply([1, 2, 3, 4, 5, 6, 7, 8]) {
      onGrid.backward(&$0, masters: values.span, shape: [2, 4])
    }
    #expect(rounded == [2, 3, 2, 3, 0, 0, 0, 0])
    #expect(apply(values) { onGrid.project(&$0, shape: [2, 4]) } == [6, 12, 6, 12, 14, 14, 14, 14])
    #expect(!onGrid.keepsProjectedMasters && shared.keepsProjectedMasters)
  }

  @Test("What a mask leaves out is zero and no part of a centroid")
  func masked() {
    let mask = Mask([true, true, false, true, true, false, true, true])
    let encoding = Sparse(
      mask: mask, inner: ProductCodebook(assignments: [0, 0, 1, 1], subspaces: 2, width: 2, count: 2))
    #expect(
      apply(values) { encoding.project(&$0, shape: [2, 4]) } == [1, 11, 0, 11, 16.5, 0, 16.5, 40])
    #expect(encoding.nonZeroCount(values.span) == 6)
  }

  @Test("Slices of whole sub-vectors keep their codebooks, others become sub-vectors of one")
  func slices() {
    let own = ProductCodebook(
      assignments: [0, 1, 1, 0], subspaces: 2, width: 2, count: 2, hasOwnBooks: true)
    let second = own.sliced([1: [2, 3]], shape: [2, 4])
    #expect(second.assignments == [1, 0] && second.subspaces == 1 && second.width == 2)
    #expect(own.sliced([0: [1]], shape: [2, 4]).assignments == [1, 0])
    let cut = own.sliced([1: [0, 2, 3]], shape: [2, 4])
    #expect(cut.width == 1 && cut.subspaces == 3 && !cut.hasOwnBooks)
    // Every row has its own numbers: 0 6 7 and 2 4 5. Rows with equal assignments would share those of the
    // first column.
    #expect(cut.assignments == [0, 4, 5, 1, 2, 3])
  }

  @Test("A file holds centroids and an index a sub-vector, to the bit")
  func bytes() throws {
    let shape: Shape = [32, 64]
    let codebook = ProductCodebook(
      assignments: (0..<512).map { UInt32($0 * 7 % 16) }, subspaces: 16, width: 4, count: 16)
    let tensor = Parameter(Tensor(random: shape, seed: 1), encoding: codebook).projected
    let stored = codebook.store(tensor)
    #expect(stored.numbers == ["width": 4, "own": 0])
    #expect(stored.streams.map(\.name) == ["centroids", "assignments"])
    #expect(stored.streams.map { $0.bits * $0.symbols.count } == [16 * 4 * 32, 512 * 4])
    let (restored, again) = try ProductCodebook.restore(stored, shape: shape)
    #expect(restored == codebook && again == tensor)
    let grid = codebook.onGrid(Integer(bits: 8, scales: [0.01]))
    let bytes = grid.store(Parameter(tensor, encoding: grid).projected)
    #expect(bytes.streams.map { $0.bits * $0.symbols.count } == [32, 16 * 4 * 8, 512 * 4])
  }

  @Test("What a file cannot mean is refused")
  func hostile() {
    let codebook = ProductCodebook(assignments: [0, 1, 2, 1], subspaces: 2, width: 2, count: 3)
    let good = codebook.store(Tensor(values, shape: [2, 4]))
    func refused(_ words: String, shape: Shape = [2, 4], _ change: (inout StoredTensor) -> Void) {
      var stored = good
      change(&stored)
      let message = errorMessage { _ = try ProductCodebook.restore(stored, shape: shape) }
      #expect(message.contains(words), "\(message)")
    }
    refused("nothing thrown") { _ in }
    refused("a divisor of the 4 elements") { $0.numbers["width"] = 3 }
    refused("a divisor") { $0.numbers["width"] = 0 }
    refused("a divisor") { $0.numbers["width"] = .max }
    refused("a divisor", shape: []) { _ in }
    refused("missing") { $0.numbers["width"] = nil }
    refused("missing") { $0.numbers["own"] = nil }
    refused("times 4") { $0.numbers["own"] = 1 }
    refused("times 2") { $0.streams[0].symbols = [] }
    refused("times 2") { $0.streams[0].symbols.removeLast() }
    refused("finite") { $0.streams[0].symbols[0] = Float.nan.bitPattern }
    refused("below 3") { $0.streams[1].symbols[0] = 3 }
    refused("4 for 2x4") { $0.streams[1].symbols.append(0) }
    refused("2 bits") { $0.streams[1].bits = 3 }
    refused("2…16") { $0.numbers["bits"] = 32 }
    refused("missing") { $0.numbers["bits"] = 8 }
  }
}
