import Encodings
import Graphs
import Networks
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@Suite("Encodings that act in training alone")
struct TrainingEncodingTests {
  private func passed(_ gradient: [Float], _ encoding: any Encoding, masters: [Float]) -> [Float] {
    var gradient = gradient
    var span = gradient.mutableSpan
    encoding.backward(&span, masters: masters.span, shape: [masters.count])
    return gradient
  }

  @Test("Kernels see what is within the mask, and all masters learn but those that are pruned for good")
  func spliced() {
    let spliced = Spliced(
      mask: Mask([true, false, true, false]), inner: Sparse(mask: Mask([true, true, false, false])))
    #expect(
      Parameter(Tensor([1, 2, 3, 4], shape: [4]), encoding: spliced).projected.values == [1, 0, 0, 0])
    #expect(passed([5, 6, 7, 8], spliced, masters: [1, 2, 3, 4]) == [5, 6, 0, 0])
    #expect(spliced.nonZeroCount([1, 0, 0, 0].span) == 1)
    #expect(spliced.shipped.isEqual(to: Sparse(mask: Mask([true, true, false, false]))))
  }

  @Test("The gradient is that of the pull, by differences, element by element and where the mask lets it")
  func attracted() {
    let (target, strength): ([Float], [Float]) = ([0, 1, -2], [0.5, 2, 0.25])
    let masters: [Float] = [3, -1, 2]
    func pull(_ masters: [Float]) -> Float {
      masters.indices.reduce(0) {
        let distance = masters[$1] - target[$1]
        return $0 + strength[$1] / 2 * distance * distance
      }
    }
    let found = passed([0, 0, 0], Attracted(to: target, strength: strength), masters: masters)
    for i in masters.indices {
      var (up, down) = (masters, masters)
      up[i] += 0.5
      down[i] -= 0.5
      #expect(abs(found[i] - (pull(up) - pull(down))) < 1e-5)
    }
    #expect(passed([1, 1], Attracted(to: [1], strength: [2]), masters: [3, 0]) == [5, -1])
    let within = Attracted(to: [0], strength: [1], inner: Sparse(mask: Mask([true, false])))
    #expect(passed([1, 1], within, masters: [3, 4]) == [4, 0])
  }

  @Test("The path integral is that of the trapezoids; training is the same with it as without")
  func traced() {
    let way = Traced(at: [1, 2], slope: [3, -1]).followed(to: [2, 2], slope: [5, 7])
      .followed(to: [0, 3], slope: [-1, 1])
    // (3 + 5)/2·1 + (5 - 1)/2·(-2), and (-1 + 7)/2·0 + (7 + 1)/2·1.
    #expect(way.integral == [0, 4] && way.start == [1, 2] && way.last == [0, 3] && way.slope == [-1, 1])
    #expect(passed([5, 6], way, masters: [0, 3]) == [5, 6])
    #expect(Parameter(Tensor([0, 3], shape: [2]), encoding: way).projected.values == [0, 3])
    let second = way.sliced([0: [1]], shape: [2])
    #expect(second.integral == [4] && second.start == [2] && second.last == [3] && second.slope == [1])
  }

  @Test(
    "Variances are the exponentials of masters, with the derivative of these, and none where the mask has no weight"
  )
  func logVariance() {
    let kept = Sparse(mask: Mask([true, true, false, true]))
    let encoding = LogVariance(divergence: 0.5, inner: kept)
    let masters: [Float] = [0, -1, 2, 0.5]
    let variances = Parameter(Tensor(masters, shape: [4]), encoding: encoding).projected.values
    let expected: [Float] = [1, 0.36787944, 0, 1.6487213]
    #expect(zip(variances, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    let found = passed([2, 3, 4, -1], encoding, masters: masters)
    #expect(zip(found, [2, 1.1036383, 0, -1.6487213] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
    let slice = encoding.sliced([0: [1, 2]], shape: [4])
    #expect(slice == LogVariance(divergence: 0.5, inner: Sparse(mask: Mask([true, false]))))
    #expect(!encoding.mastersAreWeights && kept.mastersAreWeights)
    let stored = StoredTensor(
      inner: ["dense"],
      streams: [.init(name: "divergence", bits: 32, symbols: [Float(-1).bitPattern])])
    #expect(
      errorMessage { _ = try LogVariance.restore(stored, shape: [1]) }
        == "log-variance: divergence: expected one finite number from 0, found [-1.0]")
  }

  @Test("Student files neither write nor read them")
  func studentFiles() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 2, 2])])
    try graph.append(Flatten(), name: "flat", inputs: ["image"])
    try graph.append(Linear(features: 2), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 0)
    var model = Model(
      graph: graph, classes: ["a", "b"],
      input: InputDescription(shape: [1, 2, 2], mean: [0], deviation: [1]),
      split: SettingsNode(mapping: [:]), provenance: SettingsNode(mapping: [:]))
    _ = try StudentFile.bytes(of: model, coded: true)
    for encoding in [
      Spliced(mask: Mask((0..<8).map { $0 > 3 })), Attracted(to: [0], strength: [1]),
      Traced(at: Array(repeating: 1, count: 8), slope: Array(repeating: 2, count: 8)),
      LogVariance(divergence: 1),
      try #require(LearnedSteps(Integer(bits: 4, scales: [0.1]))),
      TrainedTernary(threshold: 0.05, of: .largest, unit: 1), TanhNormalized(bits: 3, scale: 1),
    ] as [any Encoding] {
      model.graph.parameters["logits.weight"]?.encoding = encoding
      let message = errorMessage { _ = try StudentFile.bytes(of: model, coded: true) }
      #expect(message.contains("\"logits.weight\" is \(encoding.kind), which acts in training alone"))
      #expect(EncodingCatalogue.standard.parameter(kind: encoding.kind) == nil)
      let shipped = model.graph.shipped.parameters["logits.weight"]
      #expect(
        shipped
          == Parameter(
            graph.parameters["logits.weight"]?.value ?? Tensor(zeros: [1]), encoding: encoding.shipped))
    }
  }

  @Test(
    "Stored forms that lie are refused with the reason",
    arguments: [
      (
        StoredTensor(inner: ["dense"], streams: [.init(name: "target", bits: 32, symbols: [0, 0])]),
        "attracted: target: expected 1 number, or 4, found 2"
      ),
      (
        StoredTensor(
          inner: ["dense"], streams: [.init(name: "target", bits: 32, symbols: [Float.nan.bitPattern])]),
        "attracted: target: expected finite numbers from -3.4028235e+38, found nan"
      ),
      (
        StoredTensor(
          inner: ["spliced"],
          streams: [
            .init(name: "target", bits: 32, symbols: [0]), .init(name: "strength", bits: 32, symbols: [0]),
          ]),
        "attracted: inner encoding: expected dense or sparse or integer or codebook or product or hashed or powers-of-two or binary, found \"spliced\""
      ),
      (
        StoredTensor(
          inner: ["dense"],
          streams: [
            .init(name: "target", bits: 32, symbols: [0]),
            .init(name: "strength", bits: 32, symbols: [Float(-1).bitPattern]),
          ]), "attracted: strength: expected finite numbers from 0.0, found -1.0"
      ),
    ])
  func lies(stored: StoredTensor, expected: String) {
    #expect(errorMessage { _ = try Attracted.restore(stored, shape: [2, 2]) } == expected)
  }

  @Test("A mask of another size is refused")
  func maskSize() {
    let stored = StoredTensor(inner: ["dense"], streams: [.init(name: "mask", bits: 1, symbols: [1])])
    #expect(
      errorMessage { _ = try Spliced.restore(stored, shape: [4]) }
        == "spliced: mask: expected 4 bits, found 1")
  }

  @Test("A way of another size, or that is no way of numbers, is refused")
  func ways() {
    func stored(_ slope: [Float]) -> StoredTensor {
      let streams: [(String, [Float])] = [
        ("start", [1, 2]), ("last", [1, 2]), ("slope", slope), ("integral", [0, 0]),
      ]
      return StoredTensor(
        inner: ["dense"],
        streams: streams.map { .init(name: $0.0, bits: 32, symbols: $0.1.map(\.bitPattern)) })
    }
    #expect(
      errorMessage { _ = try Traced.restore(stored([1]), shape: [2]) }
        == "traced: slope: expected 2 numbers, found 1")
    #expect(
      errorMessage { _ = try Traced.restore(stored([1, .infinity]), shape: [2]) }
        == "traced: slope: expected finite numbers, found inf")
  }
}
