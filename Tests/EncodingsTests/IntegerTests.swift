import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

@Suite("Integers for parameters")
struct IntegerTests {
  @Test("The nearest multiple of the scale, ties to even, clamped to the symmetric range")
  func closedForm() {
    let encoding = Integer(bits: 4, scales: [0.5])
    let values: [Float] = [0, 0.24, 0.25, 0.75, -0.75, 1.25, 3.6, 100, -100]
    let projected = Parameter(Tensor(values, shape: [9]), encoding: encoding).projected.values
    #expect(projected == [0, 0, 0, 1, -1, 1, 3.5, 3.5, -3.5])
    #expect(encoding.integers(Tensor(projected, shape: [9])) == [0, 0, 0, 2, -2, 2, 7, 7, -7])
  }

  @Test("Each output channel has its own grid")
  func perChannel() {
    let encoding = Integer(bits: 2, scales: [1, 10])
    let projected = Parameter(Tensor([0.4, 0.6, 7, 4, -6, 60], shape: [2, 3]), encoding: encoding).projected
    #expect(projected.values == [0, 1, 1, 0, -10, 10])
    #expect(encoding.sliced([0: [1]], shape: [2, 3]) == Integer(bits: 2, scales: [10]))
  }

  @Test("Covering scales reach the largest weight of a channel; a channel of zeros takes the tensor's")
  func covering() {
    let small: Float = 1.27 / 127
    let large: Float = 2.54 / 127
    let tensor = Tensor([1.27, -0.5, 0, 0, -2.54, 1], shape: [3, 2])
    #expect(
      Integer(bits: 8, covering: tensor, perChannel: true).scales == [small, large, large])
    #expect(Integer(bits: 8, covering: tensor, perChannel: false).scales == [large])
    #expect(Integer(bits: 8, covering: Tensor(zeros: [2, 2]), perChannel: true).scales == [1, 1])
  }

  @Test(
    "Projecting twice is projecting once, and files give back what was projected",
    arguments: [2, 3, 8, 16, 32])
  func roundTrip(bits: Int) throws {
    let values = Tensor(random: [5, 40], in: -3...3, seed: 1)
    let limit = Float(Integer.limit(bits: bits))
    let scales = Tensor(random: [5], in: 0.5...1.5, seed: 2).values.map {
      $0 * 2.5 / limit
    }
    let encoding = Integer(bits: bits, scales: scales)
    let once = Parameter(values, encoding: encoding).projected
    #expect(Parameter(once, encoding: encoding).projected == once)
    let (restored, tensor) = try Integer.restore(encoding.store(once), shape: [5, 40])
    #expect(restored == encoding)
    #expect(tensor == once)
    for (index, value) in values.values.enumerated() {
      let scale = scales[index / 40]
      let clamped = min(max(value, -scale * limit), scale * limit)
      #expect(abs(once.values[index] - clamped) <= scale / 2 + 1e-6)
    }
    let different = Set(once.values).count
    #expect(different > 5)
  }

  @Test("Gradients pass straight through, and stop half a step beyond the range")
  func gradient() {
    let encoding = Integer(bits: 3, scales: [1])
    let masters: [Float] = [0, 0.4, 3, 3.5, 3.6, -3.5, -3.6]
    var gradient = Array(repeating: Float(2), count: 7)
    var span = gradient.mutableSpan
    encoding.backward(&span, masters: masters.span, shape: [7])
    #expect(gradient == [2, 2, 2, 2, 0, 2, 0])
  }

  @Test("What a file cannot mean is refused")
  func hostile() throws {
    let good = Integer(bits: 4, scales: [1, 2]).store(Tensor([1, 2, 4, -6], shape: [2, 2]))
    func refused(_ words: String, _ change: (inout StoredTensor) -> Void) {
      var stored = good
      change(&stored)
      let message = errorMessage { _ = try Integer.restore(stored, shape: [2, 2]) }
      #expect(message.contains(words), "\(message)")
    }
    refused("nothing thrown") { _ in }
    refused("bits") { $0.numbers = [:] }
    refused("64 bits") { $0.numbers["bits"] = 64 }
    refused("scales") { _ = $0.streams.removeFirst() }
    refused("nan") { $0.streams[0].symbols[1] = Float.nan.bitPattern }
    refused("-1.0") { $0.streams[0].symbols[1] = Float(-1).bitPattern }
    refused("axis 0") { $0.streams[0].symbols.append(Float(1).bitPattern) }
    refused("integers") { _ = $0.streams[1].symbols.removeLast() }
    refused("below 16") { $0.streams[1].symbols[0] = 16 }
    refused("-8") { $0.streams[1].symbols[0] = 8 }
  }
}
