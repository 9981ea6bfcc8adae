import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

@Suite("Sparse encoding")
struct SparseTests {
  private func stored(_ values: [Float]) -> StoredTensor {
    let tensor = Tensor(values, shape: [values.count])
    return Sparse(mask: Mask(nonZerosOf: tensor)).store(tensor)
  }

  @Test("Gaps are counted from the survivor before, in the width that takes the least")
  func gaps() {
    var values = Array(repeating: Float(0), count: 40)
    values[1] = 5
    values[2] = 6
    values[9] = 7
    let places = stored(values).streams[0]
    #expect(places.name == "gaps" && places.bits == 3)
    #expect(places.symbols == [1, 0, 6])
    values[2] = 0
    values[9] = 0
    values[14] = 8
    // One zero, then twelve. In 2 bits: 1 and 3, 3, 3, 3, 0 (12 bits); in 3: 1 and 7, 5 (9 bits); in 4: 1 and
    // 12 (8 bits).
    #expect(stored(values).streams[0] == .init(name: "gaps", bits: 4, symbols: [1, 12]))
    #expect(stored(values).streams[1].symbols.map(Float.init(bitPattern:)) == [5, 8])
  }

  @Test("Where gaps take more than a bit an element, the mask is stored")
  func bitmap() {
    let values = (0..<20).map { Float($0 % 4 == 0 ? 0 : 1) }
    let places = stored(values).streams[0]
    #expect(places == .init(name: "mask", bits: 1, symbols: values.map { UInt32($0) }))
  }

  @Test("Gaps of any length are restored", arguments: [0.5, 0.1, 0.02, 0.001])
  func lengths(density: Double) throws {
    var random = SeededRandom(seed: 3, purpose: "density", Int(density * 1000))
    let values = (0..<20_000).map { _ in random.uniform() < Float(density) ? random.uniform() + 1 : 0 }
    let tensor = Tensor(values, shape: [100, 200])
    let sparse = Sparse(mask: Mask(nonZerosOf: tensor))
    let places = sparse.store(tensor).streams[0]
    #expect(places.bits * places.symbols.count <= 20_000)
    let (copy, restored) = try Sparse.restore(sparse.store(tensor), shape: tensor.shape)
    #expect(copy == sparse && restored == tensor)
  }

  @Test("A mask around a mask keeps what survives both")
  func nested() {
    let a = Mask([true, true, false, false])
    let b = Mask([true, false, true, false])
    let both = Sparse(mask: a, inner: Sparse(mask: b))
    #expect(both == Sparse(mask: Mask([true, false, false, false])))
  }

  @Test("The gradient of what is zero is zero, whatever the inner encoding", arguments: EncodingCase.all)
  func gradient(item: EncodingCase) {
    guard let sparse = item.encoding as? Sparse else { return }
    let outer = Tensor(random: EncodingCase.shape, seed: 8, "gradient")
    var expected = outer
    for index in expected.values.indices where !sparse.mask[index] { expected.values[index] = 0 }
    var span = expected.values.mutableSpan
    sparse.inner.backward(&span, masters: item.masters.values.span, shape: EncodingCase.shape)
    var passed = outer
    span = passed.values.mutableSpan
    sparse.backward(&span, masters: item.masters.values.span, shape: EncodingCase.shape)
    for index in passed.values.indices {
      #expect(passed.values[index] == (sparse.mask[index] ? expected.values[index] : 0))
    }
  }

  @Test(
    "Stored forms that lie are refused with the reason",
    arguments: [
      (
        StoredTensor(inner: ["dense"], streams: [.init(name: "gaps", bits: 3, symbols: [6, 6])]),
        "sparse: gaps: expected survivors among 8 elements, found one at place 13"
      ),
      (
        StoredTensor(inner: ["dense"], streams: [.init(name: "gaps", bits: 13, symbols: [])]),
        "sparse: gaps: expected symbols of 2 to 12 bits, found 13 bits"
      ),
      (
        StoredTensor(inner: ["dense"], streams: [.init(name: "mask", bits: 1, symbols: [1])]),
        "sparse: mask: expected 8 symbols of 1 bit or 1 of 8, found 1 of 1"
      ),
      (StoredTensor(streams: []), "sparse: the stream of places is missing"),
      (
        StoredTensor(streams: [.init(name: "gaps", bits: 3, symbols: [])]),
        "sparse: the inner encoding is missing"
      ),
      (
        StoredTensor(
          inner: ["dense"],
          streams: [
            .init(name: "gaps", bits: 3, symbols: [1]),
            .init(name: "values", bits: 32, symbols: [], isElementwise: true),
          ]),
        "sparse: values: expected 1, one for each survivor, found 0"
      ),
      (
        StoredTensor(inner: ["dense"], streams: [.init(name: "values", bits: 32, symbols: [])]),
        "sparse: first stream: expected gaps, mask, rows or N:M, found \"values\""
      ),
    ])
  func lies(stored: StoredTensor, expected: String) {
    #expect(errorMessage { _ = try Sparse.restore(stored, shape: [2, 4]) } == expected)
  }

  @Test("A mask inside a mask and an unknown inner encoding are refused", arguments: ["sparse", "spares"])
  func inner(kind: String) {
    let stored = StoredTensor(inner: [kind], streams: [.init(name: "gaps", bits: 3, symbols: [])])
    #expect(errorMessage { _ = try Sparse.restore(stored, shape: [8]) }.hasSuffix("found \"\(kind)\""))
  }
}
