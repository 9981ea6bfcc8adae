public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces convolutions by one filter a channel, norm, ReLU and a 1x1 convolution across channels.
public struct DepthwiseSeparable: FilterMethod {
  /// The name in recipes: `depthwise-separable`.
  public static let name = "depthwise-separable"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by depthwise, norm, ReLU and a 1x1 across channels",
    description: """
      Replaces each convolution larger than 1x1 by a depthwise one with the same kernel, stride, padding and \
      dilation (NAME.depthwise), batch norm and ReLU (NAME.depthwise.norm, NAME.depthwise.relu), and a 1x1, which \
      keeps the bias and the name. With `initialize: decomposition` the two convolutions hold, for each input \
      channel, the rank-1 matrix nearest to its slice of the kernel, filters by taps. The sign of a depthwise filter \
      is chosen such that its taps sum to 0 or more, so that ReLU passes its responses to images and to rectified \
      values. Norm and ReLU are new, so the network must be retrained. Grouped convolutions stay as they are; so \
      does the first convolution, whose few channels give few depthwise filters, unless `first` is set.
      """,
    formula:
      "K[o,i,u,v] ≈ P[o,i]·D[i,u,v], per input channel i: K_i [O, Kh·Kw] ≈ σ_1 p_1 d_1ᵀ; weights I·Kh·Kw + I·O "
      + "against O·I·Kh·Kw: a share of 1/O + 1/(Kh·Kw)",
    paper:
      "Howard et al., 2017, MobileNets: efficient convolutional neural networks for mobile vision applications, "
      + "arXiv:1704.04861")

  /// The start of the new layers: from the old kernel or from random numbers.
  public var initialize = DecompositionStart.decomposition
  /// True if the convolution that reads the image is replaced too.
  public var first = false
  /// The choice of the layers to replace, and the fit of their blocks.
  public var choice = FilterChoice()

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `initialize`, `first`, and those of `FilterChoice`.
  public static var settings: [Setting<DepthwiseSeparable>] {
    [
      Setting(
        "initialize", \.initialize,
        "the start of the new layers: from the old kernel (decomposition) or from random numbers (fresh)"),
      Setting("first", \.first, "true replaces the convolution that reads the image too"),
    ] + FilterChoice.settings(\.choice)
  }

  /// Refuses 1x1 kernels, grouped convolutions, and layers whose parts would have no fewer parameters.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let traits = ConvolutionTraits(node, in: graph) else {
      return .notApplicable(reason: "it is no convolution")
    }
    if let reason = traits.refusal(firstToo: first) { return .notApplicable(reason: reason) }
    // The norm has two numbers a channel.
    let cost = traits.inputs * (traits.op.kernel.count + 2 + traits.op.filters)
    guard cost < traits.weights else {
      return .notApplicable(
        reason: "its parts would have \(cost) parameters, it has \(traits.weights) weights")
    }
    return .applicable
  }

  /// Replaces each layer by `NAME.depthwise`, norm, ReLU and a 1x1; they start as rank-1 slices if asked to.
  public func compress(_ compression: inout Compression<DepthwiseSeparable>) throws -> Rewrite {
    try Self.replace(&compression) { settings, traits, graph in
      guard settings.initialize == .decomposition else {
        return Self.block(traits, in: graph, nil, bias: nil)
      }
      let kernel = try SeparableKernel(nearestTo: graph.weight(of: traits.node))
      return Self.block(traits, in: graph, kernel, bias: graph.projected(traits.node, .bias))
    }
  }

  /// A block that starts from a kernel, or at random if it is `nil`.
  private static func block(
    _ traits: ConvolutionTraits, in graph: Graph, _ kernel: SeparableKernel?, bias: Tensor?
  ) -> FilterBlock {
    var depthwise = traits.op
    (depthwise.filters, depthwise.groups, depthwise.bias) = (traits.inputs, traits.inputs, false)
    var block = FilterBlock(traits, in: graph)
    block.add(depthwise, "depthwise", weight: kernel?.depthwise)
    block.clamp("depthwise", norm: true)
    block.finish(
      Conv2D(filters: traits.op.filters, kernel: 1, bias: traits.op.bias), weight: kernel?.pointwise,
      bias: bias)
    return block
  }
}

/// The kernel `Σ_j pointwise[o,(i,j)] · depthwise[(i,j),u,v]` that is nearest to a given one.
///
/// The indices are the filter o, the input channel i, the term j and the tap u, v.
struct SeparableKernel {
  /// One filter a channel and term: `[I·terms, 1, Kh, Kw]`.
  let depthwise: Tensor
  /// The filters across channels and terms: `[O, I·terms, 1, 1]`.
  let pointwise: Tensor

  /// Approximates each input channel's slice `[O, Kh·Kw]` by its `terms` leading singular triples.
  ///
  /// The square root of a singular value goes to each side. Terms beyond the rank of a slice are zero.
  init(nearestTo kernel: Tensor, terms: Int = 1) throws(LinearAlgebraError) {
    let (filters, inputs, taps) = (kernel.shape[0], kernel.shape[1], kernel.shape.spatialCount)
    var depthwise = Tensor(zeros: [inputs * terms, 1, kernel.shape[2], kernel.shape[3]])
    var pointwise = Tensor(zeros: [filters, inputs * terms, 1, 1])
    for channel in 0..<inputs {
      let slice = kernel.gathering([channel], axis: 1).reshaped([filters, taps])
      let svd = try slice.svd()
      let rank = min(terms, svd.values.count)
      let (left, right) = svd.balancedFactors(rank: rank)
      for term in 0..<rank {
        let row = right.values[term * taps..<(term + 1) * taps]
        // A singular pair has a free sign: taps that sum to 0 or more pass a ReLU where the input is even.
        let sign: Float = row.reduce(0, +) < 0 ? -1 : 1
        let place = channel * terms + term
        for (tap, value) in row.enumerated() { depthwise.values[place * taps + tap] = sign * value }
        for filter in 0..<filters {
          pointwise.values[filter * inputs * terms + place] = sign * left.values[filter * rank + term]
        }
      }
    }
    self.depthwise = depthwise
    self.pointwise = pointwise
  }
}
