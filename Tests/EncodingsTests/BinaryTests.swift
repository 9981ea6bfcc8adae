import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

@Suite("Signs for parameters")
struct BinaryTests {
  @Test("The sign times the channel's scale, zero counting as positive; NaN stays")
  func closedForm() {
    let masters = Tensor([0.1, -3, 0, -0.0, -0.01, Float.nan], shape: [2, 3])
    let projected = Parameter(masters, encoding: Binary(scales: [0.5, 2])).projected.values
    #expect(projected[..<5] == [0.5, -0.5, 0.5, 2, -2])
    #expect(projected[5].isNaN)
  }

  @Test("The mean magnitude has the least squared error of all scales")
  func scale() {
    let masters = Tensor(random: [200], in: -1...1, seed: 1)
    func error(_ scale: Float) -> Double {
      zip(masters.values, Parameter(masters, encoding: Binary(scales: [scale])).projected.values)
        .reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    }
    let mean = masters.values.reduce(0) { $0 + $1.magnitude } / 200
    for factor in [0.5, 0.9, 0.99, 1.01, 1.1, 2] as [Float] { #expect(error(mean * factor) > error(mean)) }
  }

  @Test("Gradients that would move masters beyond two scales stop, those that bring them back pass")
  func gradient() {
    let masters: [Float] = [0, 1, -1, 1.1, 1.1, -1.1, -1.1]
    var gradient: [Float] = [1, -1, 1, -1, 1, -1, 1]
    var span = gradient.mutableSpan
    Binary(scales: [0.5]).backward(&span, masters: masters.span, shape: [7])
    // A step goes against the gradient.
    #expect(gradient == [1, -1, 1, 0, 1, -1, 0])
  }

  @Test("A file takes a bit for each weight; what it cannot mean is refused")
  func hostile() throws {
    let good = Binary(scales: [1, 2]).store(Tensor([1, -1, -2, 2], shape: [2, 2]))
    #expect(good.streams[1].bits == 1 && good.streams[1].symbols == [1, 0, 0, 1])
    func refused(_ words: String, _ change: (inout StoredTensor) -> Void) {
      var stored = good
      change(&stored)
      let message = errorMessage { _ = try Binary.restore(stored, shape: [2, 2]) }
      #expect(message.contains(words), "\(message)")
    }
    refused("nothing thrown") { _ in }
    refused("-1.0") { $0.streams[0].symbols[1] = Float(-1).bitPattern }
    refused("nan") { $0.streams[0].symbols[1] = Float.nan.bitPattern }
    refused("no scale") { $0.streams[0].symbols = [] }
    refused("axis 0") { $0.streams[0].symbols.append(Float(1).bitPattern) }
    refused("4 for") { _ = $0.streams[1].symbols.removeLast() }
  }
}
