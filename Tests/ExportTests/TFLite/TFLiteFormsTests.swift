import Encodings
import Graphs
import Networks
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("Weights in TensorFlow Lite files")
struct TFLiteFormsTests {
  private static func bytes(
    _ graph: Graph, _ lowBits: TFLiteLowBits = .bytes, decode: TFLiteDecoding = .never
  ) throws -> [UInt8] {
    var exporter = TFLiteExporter()
    exporter.lowBits = lowBits
    exporter.decode = decode
    return try exporter.checkedArtifact(of: graph.model(classes: 1), ExportOptions()).model.bytes
  }

  /// The numbers that a decoder reads from a form by the operator's published layout, independently of the
  /// writer.
  private static func decoded(_ decode: TFLiteDecode, _ elements: TFLiteSymbols) -> [UInt32] {
    let bits = decode.data.flatMap { byte in (0..<8).map { Int(byte >> UInt8(7 - $0)) & 1 } }
    let table = Array(decode.description.dropFirst(16))
    func number(_ place: Int) -> UInt32 {
      (0..<elements.width).reduce(0) { $0 | UInt32(table[place * elements.width + $1]) << (8 * UInt32($1)) }
    }
    func word(_ start: Int, _ count: Int) -> Int { bits[start..<start + count].reduce(0) { $0 * 2 + $1 } }
    var (found, place, start) = ([UInt32](), 0, 0)
    while found.count < elements.symbols.count {
      switch decode.form {
      case .table:
        let (width, stride) = (Int(decode.description[5]), Int(decode.description[6]))
        found.append(number(elements.channel(found.count) * stride + word(start, width)))
        start += width
      case .pruned:
        found.append(bits[start] == 1 ? number(place) : 0)
        place += bits[start]
        start += 1
      case .huffman:
        let longest = Int(decode.description[5] >> 4) + 1
        let index = word(start, longest)
        let entry = UInt16(table[2 * index]) | UInt16(table[2 * index + 1]) << 8
        found.append(UInt32(entry & 0xFF))
        start += Int(entry >> 11 & 15)
      }
    }
    return found
  }

  @Test(
    "Every form of DECODE holds its elements, with one scale and with several, on the first axis and on the last"
  )
  func forms() throws {
    for (channels, isLast, count) in [(1, false, 77), (7, false, 77), (11, true, 77), (1, false, 1)] {
      for distinct in [1, 2, 3, 16, 100] {
        let draws = Tensor(random: [count], in: 0...1, seed: UInt64(distinct), "symbols").values
        let symbols = draws.map { UInt32($0 * $0 * Float(distinct)) * 37 & 0xFF }
        let elements = TFLiteSymbols(symbols: symbols, width: 1, channels: channels, isChannelLast: isLast)
        let table = try #require(TFLiteDecode.table(elements))
        let huffman = try #require(TFLiteDecode.huffman(elements))
        for decode in [table, huffman, .pruned(elements)] {
          #expect(Self.decoded(decode, elements) == symbols, "\(decode.form) \(channels) \(distinct)")
          #expect(decode.description[0] == decode.form.rawValue && decode.description[1] == 1)
        }
        #expect(huffman.data.count % 4 == 0)
      }
    }
    let reals = TFLiteSymbols(
      symbols: [0.5, 0, -1.25, 0.5].map(\Float.bitPattern), width: 4, channels: 1, isChannelLast: false)
    #expect(TFLiteDecode.huffman(reals) == nil)
    let table = try #require(TFLiteDecode.table(reals))
    #expect(Self.decoded(table, reals) == reals.symbols)
    #expect(Self.decoded(.pruned(reals), reals) == reals.symbols)
    let many = TFLiteSymbols(
      symbols: (0..<129).map { UInt32($0) }, width: 1, channels: 1, isChannelLast: false)
    #expect(TFLiteDecode.table(many) == nil, "indices have at most 7 bits")
  }

  @Test("Settings are read by name")
  func settings() throws {
    let node = try SettingsNode(yaml: "{lowBits: packed, decode: smallest}", source: "test")
    let exporter = try #require(try ExporterCatalogue.exporter("tflite", settings: [node]) as? TFLiteExporter)
    #expect(exporter.lowBits == .packed && exporter.decode == .smallest)
    let wrong = try SettingsNode(yaml: "decode: maybe", source: "test")
    let text = errorMessage { _ = try ExporterCatalogue.exporter("tflite", settings: [wrong]) }
    #expect(text.contains("one of never, smallest"), "\(text)")
  }

  private static let small: [SmallGraph] = [
    .perceptron, .lenet, .residual, .separable, .squeezeExcite, .shuffled,
  ]

  /// The network with weights of 4 bits, stored in bytes and in half bytes.
  private static func fourBits(_ network: SmallGraph) throws -> (
    bytes: [UInt8], packed: [UInt8], images: Tensor
  ) {
    let original = try network.graph().withoutSoftmax()
    let graph = try original.onGrids(over: original.randomInputs(batch: 16)[0], weightBits: 4)
    return (
      try Self.bytes(graph), try Self.bytes(graph, .packed), original.randomInputs(batch: 20, seed: 8)[0]
    )
  }

  /// XNNPACK rounds in another way, so only the interpreter's own kernels must give equal bytes.
  @Test(
    "INT4 filters: LiteRT's own kernels compute the same bytes; with XNNPACK within what these round differently",
    .enabled(if: TFLiteRuntime.mayBeAsked), arguments: small)
  func packed(network: SmallGraph) throws {
    let (bytes, packed, images) = try Self.fourBits(network)
    #expect(packed.count < bytes.count)
    for runtime in TFLiteRuntime.all {
      let expected = try runtime.run(bytes, on: images, delegates: false)
      #expect(try runtime.run(packed, on: images, delegates: false) == expected && Set(expected).count > 3)
      let difference = Difference(expected, try runtime.run(packed, on: images))
      #expect(difference.greatest <= 3, "\(difference) \(runtime.python.packages)")
    }
  }

  @Test(
    "INT4 filters: TFLite Micro computes the same bytes", .enabled(if: TFLiteMicro.mayBeAsked),
    arguments: small)
  func packedOnMicro(network: SmallGraph) throws {
    let (bytes, packed, images) = try Self.fourBits(network)
    let expected = try TFLiteMicro.run(bytes, on: images)
    #expect(try TFLiteMicro.run(packed, on: images) == expected && Set(expected).count > 3)
  }

  /// The kind of weights in a student.
  enum Student: String, CaseIterable {
    case pruned, prunedFourBits, codebook, prunedCodebook, ternary, fourBits, realPruned, realCodebook

    var isReal: Bool { self == .realPruned || self == .realCodebook }

    func encoding(_ weight: Tensor, _ grid: Integer?) -> any Encoding {
      let sorted = weight.values.map(abs).sorted()
      let threshold = sorted[sorted.count * 4 / 5]
      let mask = Mask(weight.values.map { abs($0) >= threshold })
      let largest = sorted[sorted.count - 1]
      let assignments = weight.values.map { UInt16(min(max(($0 / largest + 1) * 7.5, 0), 15)) }
      func integers(_ bits: Int) -> Integer { Integer(bits: bits, covering: weight, perChannel: true) }
      return switch self {
      case .pruned: Sparse(mask: mask, inner: integers(8))
      case .prunedFourBits: Sparse(mask: mask, inner: integers(4))
      case .codebook, .realCodebook:
        Codebook(assignments: assignments, count: 16, hasZero: false).onGrid(grid)
      case .prunedCodebook:
        Sparse(mask: mask, inner: Codebook(assignments: assignments, count: 16, hasZero: false).onGrid(grid))
      case .ternary: integers(2)
      case .fourBits: integers(4)
      case .realPruned: Sparse(mask: mask)
      }
    }

    /// The network with such weights, on grids unless the values are real.
    func applied(to graph: Graph, _ images: Tensor) throws -> Graph {
      var student = isReal ? try graph.foldingBatchNorms() : try graph.onGrids(over: images)
      for node in student.nodes where node.op is any ProductOp {
        guard let weight = student.parameters["\(node.name).weight"] else { continue }
        let grid = isReal ? nil : Integer(bits: 8, covering: weight.value, perChannel: false)
        let encoding = encoding(weight.value, grid)
        student.parameters["\(node.name).weight"]?.encoding = encoding
        guard !isReal, let scales = encoding.integerGrid?.scales,
          let input = student.storedEncoding(of: node.inputs[0]) as? IntegerValue
        else { continue }
        student.parameters["\(node.name).bias"]?.encoding = Integer(
          bits: 32, scales: scales.map { $0 * input.scale })
      }
      return student
    }
  }

  @Test(
    "DECODE: TFLite Micro computes what it computes with weights that are written out, bit for bit",
    .enabled(if: TFLiteMicro.mayBeAsked), arguments: Student.allCases)
  func decodeSmall(student: Student) throws {
    for network in [SmallGraph.lenet, .residual, .separable] {
      let original = try network.graph()
      let graph = try student.applied(to: original, original.randomInputs(batch: 16)[0])
      // Every form of every layer, even if it takes more bytes.
      let images = original.randomInputs(batch: 6, seed: 8)[0]
      let expected = try TFLiteMicro.run(Self.bytes(graph), on: images)
      for form in TFLiteDecode.Form.allCases {
        var builder = TFLiteBuilder(try graph.foldedForInference())
        builder.form = form
        for node in builder.graph.nodes where !builder.isFused(node) {
          try #require(node.op as? any TFLiteNode).write(node, to: &builder)
        }
        builder.finish(outputs: builder.graph.outputs, metadata: [])
        let isHeld = form != .huffman || !student.isReal
        #expect(builder.decoded.isEmpty != isHeld)
        let found = try TFLiteMicro.run(builder.model.encoded(description: ""), on: images)
        #expect(found == expected, "\(network) \(form)")
      }
    }
  }

  @Test(
    "DECODE: a student's file takes at most 1.3 times its plain file, and computes the same",
    .enabled(if: TFLiteMicro.mayBeAsked), arguments: Student.allCases)
  func decodeSizes(student: Student) throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 14, 14])])
    try graph.append(Conv2D(filters: 16, kernel: 3, padding: 1), name: "conv1", inputs: ["image"])
    try graph.append(ReLU(), name: "relu1", inputs: ["conv1"])
    try graph.append(MaxPool(kernel: 2), name: "pool1", inputs: ["relu1"])
    try graph.append(Conv2D(filters: 32, kernel: 3, padding: 1), name: "conv2", inputs: ["pool1"])
    try graph.append(ReLU(), name: "relu2", inputs: ["conv2"])
    try graph.append(Flatten(), name: "flat", inputs: ["relu2"])
    try graph.append(Linear(features: 100), name: "hidden", inputs: ["flat"])
    try graph.append(ReLU(), name: "relu3", inputs: ["hidden"])
    try graph.append(Linear(features: 10), name: "logits", inputs: ["relu3"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 9)
    let images = graph.randomInputs(batch: 8)[0]
    let shipped = try student.applied(to: graph, images)
    let plain = try Self.bytes(shipped)
    let decoded = try Self.bytes(shipped, decode: .smallest)
    let stored = try StudentFile.sizes(of: shipped.model(classes: 10)).fileBytes
    #expect(Double(decoded.count) <= 1.3 * Double(stored), "\(plain.count) \(decoded.count) \(stored)")
    #expect(Double(decoded.count) < 0.55 * Double(plain.count), "\(plain.count) \(decoded.count) \(stored)")
    #expect(try TFLiteMicro.run(decoded, on: images) == TFLiteMicro.run(plain, on: images))
  }

  /// Norms that no earlier layer can absorb, on images and on features.
  private static func preActivation() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 8, 8])])
    try graph.append(Conv2D(filters: 6, kernel: 3, padding: 1), name: "stem", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm1", inputs: ["stem"])
    try graph.append(ReLU(), name: "relu1", inputs: ["norm1"])
    try graph.append(Conv2D(filters: 6, kernel: 3, padding: 1), name: "conv1", inputs: ["relu1"])
    try graph.append(Add(), name: "sum", inputs: ["conv1", "stem"])
    try graph.append(BatchNorm(), name: "norm2", inputs: ["sum"])
    try graph.append(HardSwish(), name: "act2", inputs: ["norm2"])
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["act2"])
    try graph.append(Flatten(), name: "features", inputs: ["pool"])
    try graph.append(BatchNorm(), name: "norm3", inputs: ["features"])
    try graph.append(Tanh(), name: "act3", inputs: ["norm3"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["act3"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 6)
    return graph
  }

  private static func upsampled(_ factor: Int) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 5, 6])])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "conv1", inputs: ["image"])
    try graph.append(Upsample(factor: factor, mode: .bilinear), name: "larger", inputs: ["conv1"])
    try graph.append(ReLU(), name: "relu", inputs: ["larger"])
    try graph.append(Conv2D(filters: 3, kernel: 3), name: "conv2", inputs: ["relu"])
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["conv2"])
    try graph.append(Flatten(), name: "logits", inputs: ["pool"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 7)
    return graph
  }

  @Test(
    "Norms before activations and bilinear upsampling, in floats and in bytes, in every interpreter",
    .enabled(if: TFLiteRuntime.mayBeAsked && TFLiteMicro.mayBeAsked))
  func normsAndUpsampling() throws {
    for graph in [try Self.preActivation(), try Self.upsampled(2), try Self.upsampled(4)] {
      let images = graph.randomInputs(batch: 20, seed: 8)
      let quantized = try graph.onGrids(over: graph.randomInputs(batch: 16)[0])
      #expect(quantized.nodes.contains { $0.op is BatchNorm || $0.op is Upsample })
      let value = try #require(quantized.storedEncoding(of: "logits") as? IntegerValue)
      let reals = try graph.reference(images).values
      let integers = try quantized.integerReference(images).map { Float(value.integer($0)) }
      let floatFile = try Self.bytes(graph)
      let byteFile = try Self.bytes(quantized)
      let runs: [([UInt8], Tensor) throws -> [Float]] =
        TFLiteRuntime.all.map { runtime in { try runtime.run($0, on: $1) } }
        + [{ try TFLiteMicro.run($0, on: $1) }]
      for run in runs {
        let difference = Difference(reals, try run(floatFile, images[0]))
        #expect(difference.greatest <= 1e-5 * difference.largest, "\(difference)")
        let found = try run(byteFile, images[0])
        // TFLite Micro rounds twice.
        let near = zip(integers, found).count { abs($0 - $1) <= 1 }
        #expect(
          near * 100 >= 90 * integers.count && Difference(integers, found).greatest <= 2,
          "\(near) of \(integers.count), \(Difference(integers, found))")
      }
    }
  }
}
