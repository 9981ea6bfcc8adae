import Foundation
import TestSupport
import Testing

/// The table in Documentation/runtimes.md, with one test for each row.
@Suite("How runtimes round")
struct RuntimeRoundingTests {
  /// A rule that rounds a number in quarters to an integer.
  enum Rule: Sendable {
    /// Rounds to nearest, with halves to the even neighbour.
    case even
    /// Rounds to nearest, with halves up.
    case up
    /// Rounds to nearest, with halves away from zero.
    case away
    /// Rounds products with 2^-n · m, 0.5 ≤ m < 1, twice: after m and after 2^-n, both with halves up.
    case twiceUp
    /// Rounds twice like `twiceUp`, but the second time with halves away from zero.
    case twiceAway
    /// Applies one rule to whole blocks of elements, and `away` to the rest.
    indirect case blocks(Int, Rule)
    /// The runtime refuses the kernel.
    case refused

    /// The rule that remains for n = 0.
    var once: Rule { if case .even = self { .even } else { .up } }

    func integers(_ numbers: [Double]) -> [Int] {
      switch self {
      case .refused: []
      case .blocks(let size, let rule):
        rule.integers(Array(numbers.prefix(numbers.count / size * size)))
          + Rule.away.integers(Array(numbers.dropFirst(numbers.count / size * size)))
      default: numbers.map { Int(rounded($0)) }
      }
    }

    private func rounded(_ number: Double) -> Double {
      switch self {
      case .up: (number + 0.5).rounded(.down)
      case .away: number.rounded(.toNearestOrAwayFromZero)
      case .twiceUp: ((2 * number + 0.5).rounded(.down) / 2 + 0.5).rounded(.down)
      case .twiceAway: ((2 * number + 0.5).rounded(.down) / 2).rounded(.toNearestOrAwayFromZero)
      default: number.rounded(.toNearestOrEven)
      }
    }
  }

  /// A runtime and its rule for each kernel of `runtime-rounding.py`.
  struct Row: CustomTestStringConvertible, Sendable {
    let runtime: String
    let product: Rule
    let sum: Rule
    let averagePool: Rule
    let mean: Rule
    let quantize: Rule
    var testDescription: String { runtime }
  }

  static let onnx = ["onnxruntime", "onnxruntime, not fused", "openvino"].map {
    Row(runtime: $0, product: .even, sum: .even, averagePool: .even, mean: .even, quantize: .even)
  }
  static let tflite = [
    Row(runtime: "litert", product: .even, sum: .up, averagePool: .away, mean: .even, quantize: .even),
    Row(
      runtime: "litert, no delegates", product: .twiceUp, sum: .away, averagePool: .away,
      mean: .blocks(16, .up), quantize: .blocks(8, .even)),
    Row(
      runtime: "litert, reference", product: .twiceAway, sum: .away, averagePool: .away, mean: .away,
      quantize: .away),
    Row(
      runtime: "tflite micro", product: .twiceAway, sum: .away, averagePool: .away, mean: .away,
      quantize: .away),
  ]

  private static let onnxPython = PeerPython(
    "onnxruntime==1.31.1", "numpy==2.4.6", "onnx==1.23.2", "openvino==2026.4.1")
  private static let tflitePython = PeerPython(
    "ai-edge-litert==2.3.0", "tflite-micro==0.dev20261023182759", "numpy==2.4.6")

  private typealias Answers = [String: [String: [Int]]]
  private static let onnxAnswers = Result { try answers(onnxPython, "onnx") }
  private static let tfliteAnswers = Result { try answers(tflitePython, "tflite") }

  private static func answers(_ python: PeerPython, _ kind: String) throws -> Answers {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let script = try String(
      contentsOf: folder.appending(path: "Resources/runtime-rounding.py"), encoding: .utf8)
    let printed = String(decoding: try python.run(script, [kind]), as: UTF8.self)
    let line = try #require(printed.split(separator: "\n").last { $0.hasPrefix("{") })
    return try JSONDecoder().decode(Answers.self, from: Data(line.utf8))
  }

  private static let halves = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]
  private static let twenty = halves + halves + halves + halves.prefix(2)
  private static let sums = (-11...11).map(Double.init)

  private func hold(_ row: Row, _ all: Answers) throws {
    let found = try #require(all[row.runtime])
    #expect(found["product-half"] == row.product.once.integers(Self.sums.map { 0.5 * $0 }))
    #expect(found["product-quarter"] == row.product.integers(Self.sums.map { 0.25 * $0 }))
    #expect(found["depthwise-half"] == row.product.once.integers(Self.sums.map { 0.5 * $0 }))
    #expect(found["add"] == row.sum.integers(Self.twenty))
    #expect(found["average-pool"] == row.averagePool.integers(Self.twenty))
    #expect(found["mean"] == row.mean.integers(Self.twenty))
    #expect(found["quantize"] == row.quantize.integers(Self.twenty))
  }

  @Test("ONNX", .enabled(if: onnxPython.mayBeAsked, "PyPI cannot be reached"), arguments: onnx)
  func onnxRow(row: Row) throws { try hold(row, try Self.onnxAnswers.get()) }

  @Test("TensorFlow Lite", .enabled(if: tflitePython.mayBeAsked, "PyPI cannot be reached"), arguments: tflite)
  func tfliteRow(row: Row) throws { try hold(row, try Self.tfliteAnswers.get()) }

  @Test(
    "4-bit linear layers with a scale a channel: TFLite Micro alone refuses them; Condense writes bytes",
    .enabled(if: tflitePython.mayBeAsked, "PyPI cannot be reached"), arguments: tflite.map(\.runtime))
  func fourBits(runtime: String) throws {
    let found = try #require(try Self.tfliteAnswers.get()[runtime]?["linear-4-bits"])
    #expect(found == (runtime == "tflite micro" ? [] : [7, -14, -14, -28]))
  }
}
