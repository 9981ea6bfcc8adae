import Execution
import Graphs
import Ops
import Tensors
@testable import TestSupport

/// Networks of the widths that have fast paths.
///
/// They are Winograd, fused norms, blocked layouts, and channels-last layouts for widths that fill no blocks
/// of 16.
enum WideGraph: String, CaseIterable {
  case residual, plain, separable, padded, rectangular, interleaved, pruned, nearlyFull

  /// All networks in both modes, with enough images for several threads.
  static let cases: [AgreementCase] =
    allCases.flatMap { network in
      [
        AgreementCase(description: "wide \(network)", build: network.graph),
        AgreementCase(description: "wide \(network), inference", build: network.graph, mode: .inference),
        AgreementCase(
          description: "wide \(network), a batch of one", build: network.graph, batch: 1, steps: 2),
        AgreementCase(
          description: "wide \(network), two micro-batches, one partial", build: network.graph,
          microBatches: 2,
          partialBatch: 3, steps: 2),
      ]
    } + [
      AgreementCase(
        description: "wide interleaved, full and partial groups", build: WideGraph.interleaved.graph,
        batch: 16,
        partialBatch: 13),
      AgreementCase(
        description: "wide interleaved, tapped and seeded", build: WideGraph.interleaved.graph, batch: 32,
        taps: ["pool0"], seeds: ["pool0", "conv1"]),
      AgreementCase(
        description: "wide interleaved, inference of a full group", build: WideGraph.interleaved.graph,
        batch: 16,
        mode: .inference),
      AgreementCase(
        description: "wide residual, taps and seeds inside", build: WideGraph.residual.graph,
        taps: ["sum", "norm2"], seeds: ["relu", "conv1"]),
      AgreementCase(
        description: "wide pruned, taps and seeds inside", build: WideGraph.pruned.graph,
        taps: ["sum", "norm2"], seeds: ["relu", "norm1", "conv1"]),
      AgreementCase(
        description: "wide pruned, many periods of pixels", build: WideGraph.pruned.graph, batch: 67, steps: 1
      ),
      AgreementCase(
        description: "wide residual, a seed at the input of the sum", build: WideGraph.residual.graph,
        taps: ["stem"], seeds: ["stem"]),
    ]

  /// True if sums follow norms, which makes gradients large.
  var isResidual: Bool { self == .residual || self == .pruned || self == .nearlyFull }

  private var imageShape: Shape {
    switch self {
    case .rectangular: [3, 9, 13]
    case .interleaved: [3, 15, 13]
    case .pruned, .nearlyFull: [3, 7, 9]
    default: [3, 8, 8]
    }
  }

  func graph() throws -> Graph {
    var graph = Graph(inputs: [
      GraphInput(name: "image", shape: imageShape)
    ])
    switch self {
    case .residual: try Self.residual(&graph)
    case .plain, .rectangular: try Self.plain(&graph)
    case .separable: try Self.separable(&graph)
    case .padded: try Self.padded(&graph)
    case .interleaved: try Self.interleaved(&graph)
    case .pruned: try Self.residual(&graph, 13, 27)
    case .nearlyFull: try Self.residual(&graph, 47, 30)
    }
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 5)
    return graph
  }

  private static func residual(_ graph: inout Graph, _ first: Int = 32, _ second: Int = 48) throws {
    try graph.layer(Conv2D(filters: first, kernel: 3, padding: 1, bias: false), "conv0", "image")
    try graph.layer(BatchNorm(), "norm0", "conv0")
    try graph.layer(ReLU(), "stem", "norm0")
    try graph.layer(Conv2D(filters: first, kernel: 3, padding: 1, bias: false), "conv1", "stem")
    try graph.layer(BatchNorm(), "norm1", "conv1")
    try graph.layer(ReLU(), "relu1", "norm1")
    try graph.layer(Conv2D(filters: first, kernel: 3, padding: 1, bias: false), "conv2", "relu1")
    try graph.layer(BatchNorm(), "norm2", "conv2")
    try graph.append(Add(), name: "sum", inputs: ["norm2", "stem"])
    try graph.layer(ReLU(), "relu", "sum")
    try graph.layer(Conv2D(filters: second, kernel: 3, stride: 2, padding: 1, bias: false), "conv3", "relu")
    try graph.layer(BatchNorm(), "norm3", "conv3")
    try graph.layer(Conv2D(filters: second, kernel: 1, stride: 2, bias: false), "shortcut", "relu")
    try graph.layer(BatchNorm(), "norm4", "shortcut")
    try graph.append(Add(), name: "sum2", inputs: ["norm3", "norm4"])
    try graph.head("sum2")
  }

  private static func plain(_ graph: inout Graph) throws {
    try graph.layer(Conv2D(filters: 32, kernel: 3, padding: 1), "conv0", "image")
    try graph.layer(ReLU(), "relu0", "conv0")
    try graph.layer(Conv2D(filters: 32, kernel: 3, padding: 1), "conv1", "relu0")
    try graph.layer(BatchNorm(), "norm1", "conv1")
    try graph.layer(ReLU(), "relu1", "norm1")
    try graph.layer(MaxPool(kernel: 2), "pool1", "relu1")
    try graph.layer(Conv2D(filters: 64, kernel: 3, padding: 1), "conv2", "pool1")
    try graph.layer(ReLU(), "relu2", "conv2")
    try graph.layer(Flatten(), "flat", "relu2")
    try graph.layer(Linear(features: 5), "logits", "flat")
  }

  private static func separable(_ graph: inout Graph) throws {
    try graph.layer(Conv2D(filters: 32, kernel: 3, padding: 1, bias: false), "conv0", "image")
    try graph.layer(BatchNorm(), "norm0", "conv0")
    try graph.layer(ReLU(), "relu0", "norm0")
    try graph.layer(
      Conv2D(filters: 32, kernel: 3, stride: 2, padding: 1, groups: 32, bias: false), "depth", "relu0")
    try graph.layer(BatchNorm(), "norm1", "depth")
    try graph.layer(ReLU(), "relu1", "norm1")
    try graph.layer(Conv2D(filters: 64, kernel: 1, bias: false), "point", "relu1")
    try graph.layer(BatchNorm(), "norm2", "point")
    try graph.layer(ReLU(), "relu2", "norm2")
    try graph.head("relu2")
  }

  /// A network in LeNet's shape with odd planes, for the kernels with one image in each vector lane and their
  /// tile remainders.
  private static func interleaved(_ graph: inout Graph) throws {
    try graph.layer(Conv2D(filters: 7, kernel: 3), "conv0", "image")
    try graph.layer(ReLU(), "relu0", "conv0")
    try graph.layer(MaxPool(kernel: 2), "pool0", "relu0")
    try graph.layer(Conv2D(filters: 18, kernel: 3, bias: false), "conv1", "pool0")
    try graph.layer(MaxPool(kernel: 2, stride: 3), "pool1", "conv1")
    try graph.layer(Flatten(), "flat", "pool1")
    try graph.layer(Linear(features: 5), "logits", "flat")
  }

  /// LeNet's widths, which do not fill blocks, beside widths that do.
  private static func padded(_ graph: inout Graph) throws {
    try graph.layer(Conv2D(filters: 20, kernel: 3), "conv0", "image")
    try graph.layer(ReLU(), "relu0", "conv0")
    try graph.layer(Conv2D(filters: 50, kernel: 3, padding: 1), "conv1", "relu0")
    try graph.layer(BatchNorm(), "norm1", "conv1")
    try graph.layer(ReLU(), "relu1", "norm1")
    try graph.layer(MaxPool(kernel: 2), "pool1", "relu1")
    try graph.layer(Conv2D(filters: 32, kernel: 3, padding: 1), "conv2", "pool1")
    try graph.layer(ReLU(), "relu2", "conv2")
    try graph.layer(Flatten(), "flat", "relu2")
    try graph.layer(Linear(features: 24), "hidden", "flat")
    try graph.layer(ReLU(), "relu3", "hidden")
    try graph.layer(Linear(features: 5), "logits", "relu3")
  }
}

extension Graph {
  fileprivate mutating func layer(_ op: any Op, _ name: String, _ input: String) throws {
    try append(op, name: name, inputs: [input])
  }

  fileprivate mutating func head(_ input: String) throws {
    try layer(GlobalAveragePool(), "pool", input)
    try layer(Flatten(), "flat", "pool")
    try layer(Linear(features: 5), "logits", "flat")
  }
}
