import Graphs
public import Settings
public import Tensors

/// Scores channels by the loss of merging them with their nearest twin; needs no data.
///
/// To merge a channel is to add the weights that read it to those that read its twin.
public struct NeuronMerging: Saliency {
  /// The name in recipes: `merging`.
  public static let name = "merging"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "distance of a channel to the one that takes over its part: merging without data",
    description: """
      Two channels with equal weights and biases have equal values. One of them can go if the weights that read it \
      are added to those that read the other. Pairs are merged one after another, the nearest first. The score of a \
      channel is the loss of its merge, but never less than that of an earlier merge; the last channel has the loss \
      of removing it without a merge. Then the weights that read each removed channel are added to those of its \
      nearest twin among the channels that stay. Norms are folded into the layers before them; coupled channels are \
      compared by all weights that make them. No images are needed. Scores are divided by the mean score of their \
      layer before layers are compared.
      """,
    formula:
      "score of j = min over i of mean(a_j^2)·|W_i - W_j|^2, a the weights that read j, W with biases; then a_i += a_j",
    paper: """
      Srinivas, Babu, "Data-free parameter pruning for deep neural networks", 2015, arXiv:1507.06149
      """)
  /// Channels alone.
  public static let kinds: Set<UnitKind> = [.channel]

  /// Creates it; there are no settings.
  public init() {}

  /// There are no settings.
  public static var settings: [Setting<NeuronMerging>] { [] }

  /// Merges the nearest pair of each set again and again; a score is the loss of the channel's merge.
  ///
  /// The loss is the mean square of the weights that read it, times the squared distance to the twin.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let vectors = try makingVectors(sets, context)
    let weights = context.weights(of: sets, .reading)
    return zip(sets, vectors).map { set, vectors in
      var readers = set.vectors(.reading, of: weights).map { $0.map(Double.init) }
      func meanSquare(_ values: [Double]) -> Double {
        values.reduce(0) { $0 + $1 * $1 } / Double(max(values.count, 1))
      }
      var scores = Array(repeating: 0.0, count: set.count)
      var left = Array(0..<set.count)
      /// The nearest of the channels that are left, and its squared distance.
      ///
      /// The last channel is its own twin, at the distance from zero.
      func nearest(_ unit: Int) -> (twin: Int, distance: Double) {
        left.filter { $0 != unit }.map { ($0, GeometricMedian.squaredDistance(vectors[unit], vectors[$0])) }
          .min { ($0.1, $0.0) < ($1.1, $1.0) } ?? (unit, GeometricMedian.squaredDistance(vectors[unit], []))
      }
      var twins = left.map(nearest)
      // Each score exceeds the one before at least by this step, so that the order of merges is kept.
      let step = 1e-9 * (left.map { meanSquare(readers[$0]) * twins[$0].distance }.max() ?? 0)
      var last = -step
      while !left.isEmpty {
        let candidates = left.map { ($0, meanSquare(readers[$0]) * twins[$0].distance) }
        guard let (gone, loss) = candidates.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }) else { break }
        last = max(loss, last + step)
        scores[gone] = last
        left.removeAll { $0 == gone }
        let twin = twins[gone].twin
        if twin != gone, readers[twin].count == readers[gone].count {
          readers[twin] = zip(readers[twin], readers[gone]).map { $0 + $1 }
        }
        for unit in left where twins[unit].twin == gone { twins[unit] = nearest(unit) }
      }
      return scores
    }
  }

  /// Adds the weights that read a removed channel to those that read its nearest twin of those that stay.
  public func compensation(
    for losses: [(set: UnitSet, isGone: [Bool])], _ context: inout SaliencyContext
  ) throws -> [String: Tensor] {
    let losses = losses.filter { $0.isGone.contains(true) && $0.isGone.contains(false) }
    let vectors = try makingVectors(losses.map(\.set), context)
    let weights = context.weights(of: losses.map(\.set), .reading)
    var merged: [String: Tensor] = [:]
    for (loss, vectors) in zip(losses, vectors) {
      let elements = loss.set.elements(.reading)
      let stay = loss.isGone.indices.filter { !loss.isGone[$0] }
      for gone in loss.isGone.indices where loss.isGone[gone] {
        let twin = stay.map { ($0, GeometricMedian.squaredDistance(vectors[gone], vectors[$0])) }
          .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
        guard let twin else { continue }
        for (from, to) in zip(elements[gone], elements[twin]) where from.elements.count == to.elements.count {
          guard var tensor = merged.removeValue(forKey: from.parameter) ?? weights[from.parameter] else {
            continue
          }
          for (source, target) in zip(from.elements, to.elements) {
            tensor.values[target] += tensor.values[source]
          }
          merged[from.parameter] = tensor
        }
      }
    }
    return merged
  }

  /// Everything that makes each channel, by set and unit, biases included.
  ///
  /// Norms are part of the layers before them, or layers of one weight and one bias a channel. Throws if a
  /// set has no counterpart in the folded graph.
  private func makingVectors(_ sets: [UnitSet], _ context: SaliencyContext) throws -> [[[Float]]] {
    let graph = try FrozenNorms(BackwardMessages(context.graph).graph).graph
    let groups = graph.channelGroups()
    return try sets.map { set in
      guard let own = set.matching(groups, in: graph) else {
        throw MethodError.impossible(
          method: Self.name, node: set.name,
          reason:
            "a norm of its channels cannot be folded into a layer; leave the layer out, or choose another criterion"
        )
      }
      let parameters = own.parameters(.making) + own.parameters(.shifting)
      let weights = Dictionary(
        parameters.compactMap { name in graph.parameters[name].map { (name, $0.projected) } },
        uniquingKeysWith: { first, _ in first })
      return zip(own.vectors(.making, of: weights), own.vectors(.shifting, of: weights)).map { $0 + $1 }
    }
  }
}
