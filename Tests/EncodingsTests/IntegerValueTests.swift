import Encodings
import Graphs
import Settings
import Tensors
import TestSupport
import Testing

@Suite("Integers for values")
struct IntegerValueTests {
  private func project(_ values: [Float], _ encoding: IntegerValue) -> [Float] {
    var projected = Array(repeating: Float.nan, count: values.count)
    var span = projected.mutableSpan
    encoding.project(values.span, into: &span)
    return projected
  }

  @Test("The nearest step, ties to even, clamped to both ends; zero is zero")
  func closedForm() {
    let encoding = IntegerValue(bits: 4, scale: 0.5, zeroPoint: -6)
    #expect(encoding.range == -1...6.5)
    let values: [Float] = [0, -0.0, 0.25, 0.75, -0.3, -9, 6.6, 99]
    let expected: [Float] = [0, 0, 0, 1, -0.5, -1, 6.5, 6.5]
    #expect(project(values, encoding) == expected)
    let integers = ([0, -9, 99, 0.75] as [Float]).map { encoding.integer($0) }
    #expect(integers == [-6, -8, 7, -4])
    #expect(encoding.value(7) == 6.5)
    #expect(project([.nan], encoding)[0].isNaN)
  }

  @Test("A range is covered to half a step and always holds zero", arguments: [2, 4, 8, 16])
  func covering(bits: Int) {
    let bounds = Tensor(random: [200], in: -4...4, seed: UInt64(bits)).values
    for i in stride(from: 0, to: 200, by: 2) {
      let range = min(bounds[i], bounds[i + 1])...max(bounds[i], bounds[i + 1])
      let encoding = IntegerValue(bits: bits, covering: range)
      let slack = encoding.scale * 0.5001
      #expect(encoding.problem == nil)
      #expect(project([0], encoding) == [0])
      #expect(abs(encoding.range.lowerBound - min(range.lowerBound, 0)) <= slack)
      #expect(abs(encoding.range.upperBound - max(range.upperBound, 0)) <= slack)
    }
    #expect(IntegerValue(bits: 8, covering: -1...2).zeroPoint == -43)
    #expect(IntegerValue(bits: 8, covering: 0...0).problem == nil)
    #expect(IntegerValue(bits: 8, covering: 0...2.55).zeroPoint == -128)
  }

  @Test("Projection is what rounding says, and idempotent")
  func againstRounding() {
    let encoding = IntegerValue(bits: 8, scale: 0.037, zeroPoint: 11)
    let values = Tensor(random: [2000], in: -8...8, seed: 4).values
    let once = project(values, encoding)
    for (value, projected) in zip(values, once) {
      let step = min(max((value / 0.037).rounded(.toNearestOrEven), -139), 116)
      #expect(projected == step * 0.037)
    }
    #expect(project(once, encoding) == once)
    #expect(once == values.map { encoding.value(encoding.integer($0)) })
  }

  @Test("Numbers that make no sense are named")
  func problems() {
    #expect(IntegerValue(bits: 8, scale: .nan, zeroPoint: 0).problem?.contains("nan") == true)
    #expect(IntegerValue(bits: 8, scale: 0, zeroPoint: 0).problem?.contains("scale") == true)
    #expect(
      IntegerValue(bits: 8, scale: .greatestFiniteMagnitude, zeroPoint: 0).problem?.contains("finite") == true
    )
    #expect(IntegerValue(bits: 8, scale: 1, zeroPoint: 128).problem?.contains("128") == true)
    #expect(IntegerValue(bits: 17, scale: 1, zeroPoint: 0).problem?.contains("17") == true)
  }

  @Test("Settings are read back as written")
  func settings() throws {
    let encoding = IntegerValue(bits: 5, scale: 0.1, zeroPoint: -3)
    let read = try EncodingCatalogue.standard.value(kind: "integer", settings: encoding.settingsNode)
    #expect(read?.isEqual(to: encoding) == true)
    #expect(read as? IntegerValue == encoding)
  }
}
