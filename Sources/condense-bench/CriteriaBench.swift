import ArgumentParser
import DNNL
import Datasets
import Execution
import Foundation
import Graphs
import Images
import Methods
import Ops
import Settings
import Tasks
import Tensors
import Training

/// Compares each criterion's scores of a model's channels with the change of the loss when they are removed.
struct CriteriaBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "criteria",
    abstract:
      "Spearman's rank correlation of each criterion's scores with the change of the loss when a channel is removed.",
    discussion: """
      Every channel that can go is removed alone, without training, and the mean loss is measured on the first training \
      images without augmentation; criteria that look at images see the same ones. Correlations are within groups of \
      channels, and over all channels as a global ranking compares them.
      """)

  @Argument(help: "A model that `condense train` wrote.")
  var model: String

  @Argument(help: "The data that it was trained on: a manifest, a folder or an archive.")
  var data: String

  @Option(help: "Training images to look at.")
  var images = 2048

  @Option(help: "Compute threads.")
  var threads = 2

  func validate() throws {
    guard images > 0, images.isMultiple(of: Self.batch) else {
      throw ValidationError("--images must be a multiple of \(Self.batch) above 0, found \(images)")
    }
  }

  func run() throws {
    let model = try ModelFile.read(model, catalogue: .standard)
    let source = try source(model)
    let task = Classification()
    let evaluate = { (graph: Graph) throws -> Double in
      let evaluator = try Evaluator(
        graph, task: task, backend: DNNLBackend(), batch: Self.batch, precision: .f32, threads: threads)
      return try evaluator.score(source)?.loss ?? .nan
    }
    let evidence = PlanEvidence(
      model.graph, task: task, backend: DNNLBackend(), source: source, batch: Self.batch, threads: threads)
    let groups = model.graph.channelGroups()
    let before = try evaluate(model.graph)
    let changes = try groups.map { group in
      try group.units.map { unit in try evaluate(model.graph.removingChannels([unit]).graph) - before }
    }
    let sets = groups.map { UnitSet($0, in: model.graph) }
    let lines = try SaliencyCatalogue.all.compactMap { type in
      try line(type.init(), sets: sets, changes: changes, graph: model.graph, evidence)
    }
    let report = SettingsNode(mapping: [
      "schema": 1.node, "model": URL(filePath: self.model).lastPathComponent.node, "loss": before.node,
      "images": images.node,
      "groups": SettingsNode(
        .list(
          sets.map {
            SettingsNode(mapping: ["name": $0.name.node, "channels": $0.count.node])
          })),
      "criteria": SettingsNode(.list(lines)),
    ])
    print(report.prettyJSON)
  }

  private static let batch = 256

  private func source(_ model: Model) throws -> FirstImages {
    var options = DatasetOptions()
    let trained = try SplitDescription(from: model.split)
    (options.seed, options.validationFraction) = (trained.seed, trained.validationFraction)
    let shape = model.input.shape
    options.imageSize = ImageSize(width: shape[2], height: shape[1])
    let loader = try Loader(
      Dataset.open(data, options: options),
      LoaderOptions(
        split: .train, batch: Self.batch, seed: trained.seed, shuffle: true,
        input: InputShape(channels: shape[0], height: shape[1], width: shape[2]),
        normalization: Normalization(mean: model.input.mean, deviation: model.input.deviation), dropLast: true
      ))
    return FirstImages(loader, count: images)
  }

  /// The correlations of one criterion; `nil` if it scores no group of this network.
  private func line(
    _ criterion: any Saliency, sets: [UnitSet], changes: [[Double]], graph: Graph, _ evidence: any Evidence
  ) throws -> SettingsNode? {
    guard type(of: criterion).kinds.contains(.channel) else { return nil }
    let known = sets.indices.filter { criterion.obstacle(to: sets[$0]) == nil }
    guard !known.isEmpty else { return nil }
    var context = SaliencyContext(graph: graph, evidence: evidence, images: images)
    let clock = ContinuousClock()
    let began = clock.now
    let scores = try criterion.scores(of: known.map { sets[$0] }, &context)
      .map { $0.map { $0.isNaN ? .infinity : $0 } }
    let seconds = (clock.now - began).inSeconds
    let changes = known.map { changes[$0] }
    let scaled = scores.map { criterion.scale(of: .channel).applied(to: $0) }
    return SettingsNode(mapping: [
      "criterion": type(of: criterion).name.node,
      "byGroup": zip(scores, changes).map { RankCorrelation.spearman($0, $1) }.node,
      "global": RankCorrelation.spearman(scaled.flatMap(\.self), changes.flatMap(\.self)).node,
      "seconds": seconds.node,
    ])
  }
}

/// A source that repeats the first images of a loader's first epoch.
private final class FirstImages: BatchSource {
  private let loader: Loader
  private let limit: Int
  private var seen = 0

  init(_ loader: Loader, count: Int) { (self.loader, limit) = (loader, count) }

  var stepsPerEpoch: Int { loader.stepsPerEpoch }
  var count: Int { loader.count }
  var stream: SettingsNode { loader.stream }

  func startEpoch(_ epoch: Int, fromStep step: Int) {
    seen = 0
    loader.startEpoch(0, fromStep: step)
  }

  func next() throws(DatasetError) -> Batch? {
    guard seen < limit, let batch = try loader.next() else { return nil }
    seen += batch.count
    return batch
  }
}

/// The similarity of two rankings.
enum RankCorrelation {
  /// Spearman's rank correlation coefficient, -1…1; 0 if either side is constant.
  ///
  /// Equal numbers share the mean of their ranks.
  static func spearman(_ a: [Double], _ b: [Double]) -> Double {
    let (x, y) = (ranks(a), ranks(b))
    let mean = Double(x.count + 1) / 2
    var (products, squaresX, squaresY) = (0.0, 0.0, 0.0)
    for (x, y) in zip(x, y) {
      products += (x - mean) * (y - mean)
      squaresX += (x - mean) * (x - mean)
      squaresY += (y - mean) * (y - mean)
    }
    return squaresX > 0 && squaresY > 0 ? products / (squaresX * squaresY).squareRoot() : 0
  }

  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = Array(repeating: 0.0, count: values.count)
    var start = 0
    while start < order.count {
      // NaN equals nothing, not even itself, so the loop must begin behind `start`.
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }
}
