import Encodings
import Foundation
public import Graphs
public import Settings
import Tensors
import Training

/// Learns the noise that each weight bears while the network trains, and masks weights that are mostly noise.
public struct SparseVariationalDropout: WeightPruningMethod {
  /// The name in recipes: `sparse-variational-dropout`.
  public static let name = "sparse-variational-dropout"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "learn the noise that each weight tolerates while training, mask noisy weights",
    description: """
      While the stage trains, each weight of convolutions and linear layers is a normal distribution whose mean and \
      variance are learnt. Outputs are drawn for each image from the distribution that results. The training \
      minimizes the loss plus the divergence of the weights from a log-uniform prior, which makes noise cheap: \
      weights that the loss does not need end with far more noise than mean. The divergence grows linearly from 0 \
      over `warmUp` of the `times` points. The last point keeps the means and masks for good the weights whose log \
      alpha is above `threshold`, or, with `sparsity`, that share of weights with the highest log alpha. Variances \
      move only with an optimizer whose steps do not depend on the size of gradients, such as adamw, and need some \
      ten thousand updates; weight decay does not act on them. The student is a masked network like any other.
      """,
    formula: """
      w ~ N(theta, sigma^2), y ~ N(theta x, sigma^2 x^2), log alpha = log sigma^2 - log theta^2; loss + f/N·sum KL with \
      KL = k1 - k1·sigmoid(k2 + k3·log alpha) + log(1 + 1/alpha)/2, k1 = 0.63576, k2 = 1.87320, k3 = 1.48695, N training \
      images, f = min(1, point/(warmUp·times)) from point 0 on
      """,
    paper: """
      Molchanov, Ashukha, Vetrov, "Variational dropout sparsifies deep neural networks", 2017, arXiv:1701.05369; drawing \
      outputs: Kingma, Salimans, Welling, 2015, arXiv:1506.02557
      """)

  /// The sparsity, and the points; a sparsity of 0 goes by the threshold.
  ///
  /// The stage's sparsity chooses the rule for all layers: if it is above 0, a layer of sparsity 0 is spared.
  public var amount = PruningAmount(sparsity: 0)
  /// Absolute weights; log alpha decides instead.
  public var criterion: any Saliency { Magnitude() }
  /// The log alpha above which a weight is noise, -10...20.
  public var limit = 3.0
  /// The logarithm of all variances at the beginning, -20...0.
  public var initialLogVariance: Float = -10
  /// The share of the points over which the divergence climbs from nothing, 0...1.
  public var warmUp = 0.25

  /// Goes by the threshold, at the last of 20 points in nine tenths of the stage.
  public init() {
    amount.times = 20
    amount.share = 0.9
  }

  /// Settings: `sparsity`, `scope`, `threshold`, `initialLogVariance`, `warmUp`, `times`, `share`.
  public static var settings: [Setting<SparseVariationalDropout>] {
    [
      Setting(
        "sparsity", \.amount.sparsity, in: 0...0.999,
        "share of weights that is pruned at the end, those of the highest log alpha; 0 prunes by the threshold"
      ),
      AllocationCatalogue.setting(\.amount.scope, dividing: [.element], of: "weights"),
      Setting("threshold", \.limit, in: -10...20, "log alpha above which a weight is pruned"),
      Setting(
        "initialLogVariance", \.initialLogVariance, in: -20...0,
        "natural logarithm of all variances at the beginning"),
      Setting(
        "warmUp", \.warmUp, in: 0...1,
        "share of the points over which the weight of the divergence grows from 0"
      ),
      Setting("times", \.amount.times, in: 2...1000, "number of points; the last one masks"),
      Setting(
        "share", \.amount.share, in: 0...1,
        "share of the stage's training over which the points are spread"),
    ]
  }

  /// Acts at `times` points, of which the last masks.
  public var pacing: Pacing { .gradual(times: amount.times, share: amount.share) }
  /// Random pruning of the same amount at the last point; `nil` if the threshold decides.
  public var randomControl: (any CompressionMethod)? {
    amount.sparsity > 0 ? RandomPruning(amount: amount.atLast) : nil
  }

  /// Makes weights Gaussian at the first point, raises the divergence, and masks by log alpha at the last.
  public func compress(_ compression: inout Compression<SparseVariationalDropout>) throws -> Rewrite {
    let graph = compression.graph
    guard compression.progress >= 1 else {
      let factor = divergence(at: compression.progress)
      guard graph.gaussianLayers.isEmpty else { return graph.divergingBy(factor) }
      var variances: [String: Float] = [:]
      for (node, settings) in compression.layers { variances[node.name] = settings.initialLogVariance }
      guard !variances.isEmpty else {
        throw MethodError.nothingToDo(
          method: Self.name,
          reason: "the network has no layers with weights, or the recipe leaves them all out")
      }
      return try graph.withGaussianWeights(variances, divergence: factor, for: Self.name)
    }
    let settled = try located(Self.name) { try graph.withMeansAlone() }
    return settled.followed(by: try pruned(settled.graph, by: graph.logAlphas, compression))
  }

  /// The factor of the divergence after a point.
  private func divergence(at progress: Double) -> Float {
    let climbed = (progress * Double(amount.times)).rounded() - 1
    let length = warmUp * Double(amount.times)
    return climbed < length ? Float(climbed / length) : 1
  }

  /// The network of the means with a mask around each tensor's weights.
  ///
  /// A weight without a learnt variance has that of the beginning. Throws if nothing would be masked.
  private func pruned(
    _ graph: Graph, by logAlphas: [String: [Double]], _ compression: Compression<SparseVariationalDropout>
  ) throws -> Rewrite {
    let means = compression.with({ $0 }, graph: graph)
    var weights: [PrunedWeight] = []
    var candidates: [(weight: PrunedWeight, settings: Self)] = []
    for (node, settings) in means.layers {
      for (name, parameter) in graph.prunableWeights(of: node) {
        _ = try parameter.plainFloats(name, for: Self.name)
        let values =
          logAlphas[name]
          ?? parameter.projected.values.map { Self.logAlpha(mean: $0, settings.initialLogVariance) }
        var weight = PrunedWeight(
          UnitSet(parameter: name, shape: parameter.value.shape, unit: SingleWeights()),
          // Scores are -log alpha, so the noisiest weights go first.
          shape: parameter.value.shape, scores: values.map { -$0 }, survivors: parameter.survivors)
        if compression.method.amount.sparsity > 0 {
          candidates.append((weight, settings))
        } else {
          // Scores equal to the limit stay.
          var ties = 0
          weight.prune(below: -settings.limit, ties: &ties)
          weights.append(weight)
        }
      }
    }
    weights += try Self.pruned(candidates, means)
    guard weights.contains(where: { $0.prunedCount > 0 }) else {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason: weights.isEmpty
          ? "the network has no layers with weights, or the recipe leaves them all out"
          : "no weight has a log alpha above the threshold; train longer, with adamw, or lower the threshold")
    }
    return try masked(graph, weights, means)
  }

  /// The logarithm of variance by squared mean; finite if the mean is zero.
  fileprivate static func logAlpha(mean: Float, _ logVariance: Float) -> Double {
    Double(logVariance) - log(max(Double(mean) * Double(mean), .leastNormalMagnitude))
  }
}

extension Graph {
  /// The log alpha of each element, by the name of a Gaussian weight tensor.
  fileprivate var logAlphas: [String: [Double]] {
    var all: [String: [Double]] = [:]
    for layer in gaussianLayers {
      guard let means = parameters[layer.means]?.projected.values,
        let logarithms = parameters[layer.variances]?.value.values
      else { continue }
      all[layer.means] = zip(means, logarithms).map { SparseVariationalDropout.logAlpha(mean: $0, $1) }
    }
    return all
  }

  /// The network with another factor of its divergence.
  fileprivate func divergingBy(_ factor: Float) -> Rewrite {
    var graph = self
    for layer in gaussianLayers {
      guard let encoding = parameters[layer.variances]?.encoding.shipped else { continue }
      graph.parameters[layer.variances]?.encoding = LogVariance(divergence: factor, inner: encoding)
    }
    return Rewrite(inPlace: graph)
  }
}
