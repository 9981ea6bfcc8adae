import Encodings
public import Graphs
import Ops
import Tensors

/// A layer of products whose weights are Gaussian while it trains.
///
/// It is a layer of the means, one of the variances that reads the squared input, and the op that draws the
/// output from both.
public struct GaussianLayer: Sendable {
  /// The node that draws the output.
  public let sample: Node
  /// The layer itself, whose weights are the means.
  public let mean: Node
  /// The layer of variances, whose masters are their logarithms.
  public let variance: Node
  /// The node that squares the input.
  public let square: Node

  /// The parameter of the means.
  public var means: String { ParameterRole.weight.name(of: mean.name) }
  /// The parameter of the variances.
  public var variances: String { ParameterRole.weight.name(of: variance.name) }
}

extension Graph {
  /// The layers whose weights are Gaussian, in the order of nodes.
  public var gaussianLayers: [GaussianLayer] {
    nodes.compactMap { sample in
      guard sample.op is GaussianSample, let mean = node(named: sample.inputs[0]),
        let variance = node(named: sample.inputs[1]), let square = node(named: variance.inputs[0]),
        let variances = self[.weight, of: variance.name], variances.encoding is LogVariance,
        self[.weight, of: mean.name]?.value.shape == variances.value.shape
      else { return nil }
      return GaussianLayer(sample: sample, mean: mean, variance: variance, square: square)
    }
  }
}
