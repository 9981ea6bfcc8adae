import ArgumentParser
import CProcess
import DNNL
import Graphs
import Methods
import Settings

/// Times training steps of networks with encoded weights and values, relative to plain steps in the same run.
struct QuantizeBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "What training with an encoding costs in plain training steps.",
    discussion: """
      Steps of the network and of what each quantizing method makes of it as its training begins take turns on a batch in memory, \
      each method against plain steps of its own turns.
      """)

  @OptionGroup var options: BenchOptions

  /// A way of training, with the network that it makes.
  private struct Way {
    let name: String
    let graph: Graph
  }

  func run() throws {
    condense_prepare_compute()
    let plain = try BenchNetworks.graph(options.network)
    var rows: [SettingsNode] = []
    for way in try ways(of: plain) {
      let (own, other) = try medians(of: plain, and: way.graph)
      rows.append(
        SettingsNode(mapping: [
          "way": way.name.node, "plainMilliseconds": own.node, "milliseconds": other.node,
          "ratio": (other / own).node,
        ]))
    }
    let report = SettingsNode(mapping: [
      "schema": 1.node, "network": options.network.node, "batch": options.batch.node,
      "precision": options.precision.node, "threads": options.threads.node, "rows": SettingsNode(.list(rows)),
    ])
    print(report.compactJSON)
  }

  private func ways(of graph: Graph) throws -> [Way] {
    func integers(_ bits: Int, values: Int, norms: NormHandling, ranges: RangeLearning) throws -> Graph {
      var method = QuantizationAwareTraining()
      method.grids.bits = bits
      (method.grids.activationBits, method.grids.edgeBits) = (values, 8)
      (method.training.norms, method.training.ranges) = (norms, ranges)
      return try begun(graph, method)
    }
    var signs = BinaryWeights()
    signs.training.norms = .late
    return [
      Way(name: "plain", graph: graph),
      Way(
        name: "integers of 8 bits, norms folded",
        graph: try integers(8, values: 8, norms: .folded, ranges: .fixed)),
      Way(
        name: "integers of 8 bits, norms late",
        graph: try integers(8, values: 8, norms: .late, ranges: .fixed)),
      Way(
        name: "integers of 2 bits, values of 2 by lsq, norms late",
        graph: try integers(2, values: 2, norms: .late, ranges: .lsq)),
      Way(name: "powers of two", graph: try begun(graph, PowersOfTwoWeights())),
      Way(name: "signs, norms late", graph: try begun(graph, signs)),
      Way(name: "codebooks", graph: try begun(graph, WeightClustering())),
    ]
  }

  /// The network that a method makes as the training of its stage begins.
  private func begun<M: CompressionMethod>(_ graph: Graph, _ method: M) throws -> Graph {
    // A method that settles has one more step after the training.
    let last = method.settles ? 1 : 0
    let progress = if case .gradual(let times, _) = method.pacing { 1 / Double(times + last) } else { 1.0 }
    var compression = Compression(
      method, graph: graph, of: graph, progress: progress,
      evidence: SyntheticEvidence(graph: graph, images: 16))
    return try method.compress(&compression).graph
  }

  /// The medians of the steps of two networks that take turns, in milliseconds.
  private func medians(of first: Graph, and second: Graph) throws -> (Double, Double) {
    let steps = try [first, second].map { try TrainingStep($0, options) }
    let timings = Timings.ofTurns(seconds: options.seconds, steps.map { step in { _ = step.run() } })
    return (timings[0].median, timings[1].median)
  }
}
