import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

@Suite("Laws of encodings")
struct EncodingLawTests {
  @Test("Every kind of the catalogue is under the laws")
  func complete() {
    let kinds = Set(EncodingCase.all.map(\.encoding.kind))
    #expect(kinds == Set(EncodingCatalogue.training.parameters.map { $0.kind }))
  }

  @Test("A projection of weights projects to itself, bit for bit", arguments: EncodingCase.ofWeights)
  func idempotent(item: EncodingCase) {
    let once = item.projected
    let twice = Parameter(once, encoding: item.encoding).projected
    #expect(twice.values.map(\.bitPattern) == once.values.map(\.bitPattern))
  }

  @Test(
    "What is stored is restored: the encoding, and the projected values bit for bit",
    arguments: EncodingCase.all)
  func stored(item: EncodingCase) throws {
    let stored = item.encoding.store(item.projected)
    for stream in stored.streams where stream.bits < 32 {
      #expect(stream.symbols.allSatisfy { $0 >> UInt32(stream.bits) == 0 }, "\(stream.name)")
    }
    let copy = try restored(stored, as: item.encoding)
    #expect(copy.encoding.isEqual(to: item.encoding))
    #expect(copy.value.values.map(\.bitPattern) == item.projected.values.map(\.bitPattern))
    #expect(copy.encoding.store(copy.value) == stored)
  }

  private func restored<E: Encoding>(_ stored: StoredTensor, as encoding: E) throws -> Parameter {
    let (encoding, value) = try E.restore(stored, shape: EncodingCase.shape)
    return Parameter(value, encoding: encoding)
  }

  @Test(
    "A slice of a projection is what its sliced encoding makes of it", arguments: EncodingCase.ofWeights,
    [[0: [0, 2, 5]], [1: [3]], [0: [1], 1: [0, 2, 3]], [2: [1], 3: [0, 2]]] as [[Int: [Int]]])
  func sliced(item: EncodingCase, kept: [Int: [Int]]) {
    let slice = Parameter(item.projected, encoding: item.encoding).sliced(kept)
    #expect(slice.projected == slice.value)
    #expect(slice.encoding.nonZeroCount(slice.value.values.span) <= slice.value.shape.count)
  }

  @Test(
    "Where masters may be projected, the gradient is the transposed projection", arguments: EncodingCase.all)
  func gradient(item: EncodingCase) {
    guard item.encoding.keepsProjectedMasters else { return }
    let shape = EncodingCase.shape
    let outer = Tensor(random: shape, seed: 8, "gradient")
    var passed = outer
    var span = passed.values.mutableSpan
    item.encoding.backward(&span, masters: item.masters.values.span, shape: shape)
    for index in stride(from: 0, to: shape.count, by: 7) {
      var (upper, lower) = (item.masters, item.masters)
      upper.values[index] += 0.5
      lower.values[index] -= 0.5
      let difference = zip(
        Parameter(upper, encoding: item.encoding).projected.values,
        Parameter(lower, encoding: item.encoding).projected.values
      ).map { Double($0) - Double($1) }
      let expected = zip(difference, outer.values).reduce(0) { $0 + $1.0 * Double($1.1) }
      #expect(abs(Double(passed.values[index]) - expected) < 1e-4, "element \(index)")
    }
  }

  @Test("Elements that are not zero by construction are at most counted as such", arguments: EncodingCase.all)
  func nonZeros(item: EncodingCase) {
    let projected = item.projected
    let count = item.encoding.nonZeroCount(projected.values.span)
    #expect(count >= projected.values.count { $0 != 0 })
    #expect(count <= projected.values.count)
  }
}
