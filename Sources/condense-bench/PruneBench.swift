import ArgumentParser
import CProcess
import DNNL
import Execution
import Graphs
import Methods
import Settings
import Tasks
import Tensors

/// Times the cost and the saving of pruning, relative to plain training steps in the same run.
struct PruneBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "What gradients over images, masked weights and removed channels cost in plain training steps.",
    discussion: """
      Steps of the network, of the network with four of five weights masked, and of the network at half its multiply-adds take
      turns on a batch in memory; gradients are the evidence of criteria over 2,048 images, against as many steps.
      """)

  @OptionGroup var options: BenchOptions
  @Option(help: "Channels that stay are a multiple of this.")
  var roundTo = 16

  private static let images = 2048

  func validate() throws {
    guard Self.images.isMultiple(of: options.batch) else {
      throw ValidationError("--batch must divide \(Self.images), found \(options.batch)")
    }
  }

  func run() throws {
    condense_prepare_compute()
    let graph = try BenchNetworks.graph(options.network)
    let masked = try pruned(graph, WeightPruning(sparsity: 0.8, criterion: Magnitude()))
    var removal = ChannelPruning(sparsity: 0.5, of: .multiplyAdds)
    removal.roundTo = roundTo
    let half = try pruned(graph, removal)
    let steps = try [graph, masked, half].map { try TrainingStep($0, options) }
    let timings = Timings.ofTurns(seconds: options.seconds, steps.map { step in { _ = step.run() } })
    let medians = timings.map(\.median)
    let gradients = try gradientMilliseconds(graph)
    let report = SettingsNode(mapping: [
      "schema": 1.node, "network": options.network.node, "batch": options.batch.node,
      "precision": options.precision.node, "threads": options.threads.node, "rounds": timings[0].count.node,
      "stepMilliseconds": medians[0].node, "maskedRatio": (medians[1] / medians[0]).node,
      "roundTo": roundTo.node, "halfShare": (Double(half.multiplyAdds) / Double(graph.multiplyAdds)).node,
      "halfRatio": (medians[2] / medians[0]).node,
      "gradientRatio": (gradients / (medians[0] * Double(Self.images / options.batch))).node,
    ])
    print(report.compactJSON)
  }

  private func pruned<M: CompressionMethod>(_ graph: Graph, _ method: M) throws -> Graph {
    var compression = Compression(method, graph: graph)
    return try method.compress(&compression).graph
  }

  /// The median time of gradients over the images, in milliseconds, including the compilation of their plan.
  private func gradientMilliseconds(_ graph: Graph) throws -> Double {
    let source = RepeatedBatch(graph, options, steps: Self.images / options.batch)
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: DNNLBackend(), source: source, batch: options.batch,
      precision: try options.resolvedPrecision(), threads: options.threads)
    let clock = ContinuousClock()
    var times: [Double] = []
    for _ in 0..<3 {
      let began = clock.now
      try evidence.forEachGradient(images: Self.images) { _ in }
      times.append(began.duration(to: clock.now) / .milliseconds(1))
    }
    return Timings(times).median
  }
}
