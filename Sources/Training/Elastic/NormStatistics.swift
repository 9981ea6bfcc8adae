import Datasets
public import Execution
public import Graphs
import Ops
import Tensors

/// Running statistics of batch norms, measured anew for the present weights.
///
/// A sub-network of shared weights has other means and variances than the network whose weights it takes.
/// The statistics are those of training: each norm sees values that earlier norms normalized by their batch.
///
///     μ = mean over batches of μ_b,   σ² = mean over batches of the unbiased σ²_b
///
/// **Paper** Yu, Huang, "Universally slimmable networks and improved training techniques", ICCV 2019, section
/// 3.1, arXiv:1903.05134.
public enum NormStatistics {
  /// The network with statistics over at least `images` images of a source of full batches, or its first epoch.
  ///
  /// Dropout is off. Networks without batch norms come back as they are.
  public static func measured(
    _ graph: Graph, on backend: any Backend, _ source: any BatchSource, batch: Int, images: Int, threads: Int
  ) throws -> Graph {
    let norms = graph.nodes.filter { $0.op is BatchNorm }
    guard !norms.isEmpty else { return graph }
    let plan = try backend.compile(
      try graph.withoutDropout(),
      PlanOptions(
        batch: batch, mode: .training, threads: threads, taps: Array(Set(norms.map { $0.inputs[0] })).sorted()
      ))
    let taps = try norms.map { try plan.tap($0.inputs[0]) }
    let shapes = norms.map { graph.shape(of: $0.inputs[0]) ?? [] }
    var sums = shapes.map { Moments(channels: $0[1]) }
    var values = taps.map { Array(repeating: Float(0), count: $0.count) }
    var batches = 0
    source.startEpoch(0, fromStep: 0)
    while batches * batch < images, let images = try source.next() {
      let pixels = images.images
      plan.forward(pixels.span, key: 0)
      for (norm, tap) in taps.enumerated() {
        var span = values[norm].mutableSpan
        plan.readTap(tap, into: &span)
        sums[norm].add(values[norm], images: batch, plane: shapes[norm].dimensions.dropFirst(2).reduce(1, *))
      }
      batches += 1
    }
    guard batches > 0 else { throw TrainingError.tooFewImages(images: source.count, batch: batch) }
    var graph = graph
    for (norm, sum) in zip(norms, sums) {
      graph[.mean, of: norm.name]?.value.values = sum.means.map { Float($0 / Double(batches)) }
      graph[.variance, of: norm.name]?.value.values = sum.variances.map { Float($0 / Double(batches)) }
    }
    return graph
  }
}

/// Sums of the means and variances of batches, by channel.
private struct Moments {
  var means: [Double]
  var variances: [Double]

  init(channels: Int) {
    means = Array(repeating: 0, count: channels)
    variances = means
  }

  /// Adds a batch of values `[N, C, …]`.
  mutating func add(_ values: [Float], images: Int, plane: Int) {
    let count = Double(images * plane)
    for channel in means.indices {
      var (sum, squares) = (0.0, 0.0)
      let rows = (0..<images).map { ($0 * means.count + channel) * plane }
      for row in rows { for place in row..<(row + plane) { sum += Double(values[place]) } }
      let mean = sum / count
      for row in rows {
        for place in row..<(row + plane) {
          let deviation = Double(values[place]) - mean
          squares += deviation * deviation
        }
      }
      means[channel] += mean
      variances[channel] += squares / max(1, count - 1)
    }
  }
}

extension Graph {
  /// The same network whose dropout lets everything through.
  fileprivate func withoutDropout() throws(GraphError) -> Graph {
    var graph = Graph(inputs: inputs)
    for node in nodes {
      try graph.append(node.op is Dropout ? Dropout(rate: 0) : node.op, name: node.name, inputs: node.inputs)
    }
    (graph.parameters, graph.outputs, graph.values) = (parameters, outputs, values)
    return graph
  }
}
