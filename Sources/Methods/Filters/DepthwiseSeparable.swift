public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Convolutions as one filter a channel, then a 1x1 convolution across channels.
public struct DepthwiseSeparable: CompressionMethod {
  public static let name = "depthwise-separable"
  public static let family = MethodFamily.filters
  public static let order = PipelineOrder.structure
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "convolutions become one filter a channel, norm, ReLU and a 1x1 across channels",
    description: """
      Replaces each convolution larger than 1x1 by a depthwise one of the same kernel, stride, padding and dilation \
      (NAME.depthwise), batch norm and ReLU (NAME.depthwise.norm, NAME.depthwise.relu), and a 1x1 convolution that keeps \
      the bias and the name. Started by decomposition, the two hold for each input channel the rank-1 matrix nearest to \
      its slice of the kernel, filters by taps; the sign of a depthwise filter makes its taps sum to 0 or more, so that \
      ReLU passes what it finds in images and rectified values. Norm and ReLU are new, so the network must be retrained. \
      The first convolution, whose few channels give few depthwise filters, is left alone unless `first` is set; grouped \
      convolutions are left alone.
      """,
    formula:
      "K[o,i,u,v] ≈ P[o,i]·D[i,u,v], per input channel i: K_i [O, Kh·Kw] ≈ σ_1 p_1 d_1ᵀ; weights I·Kh·Kw + I·O "
      + "against O·I·Kh·Kw: a share of 1/O + 1/(Kh·Kw)",
    paper:
      "Howard et al., 2017, MobileNets: efficient convolutional neural networks for mobile vision applications, "
      + "arXiv:1704.04861")

  /// How the new layers start.
  public var initialize = DecompositionStart.decomposition
  /// Whether the first convolution is replaced too.
  public var first = false

  public init() {}

  public static var settings: [Setting<DepthwiseSeparable>] {
    [
      Setting(
        "initialize", \.initialize, "how the new layers start: from the old kernel or from random numbers"),
      Setting("first", \.first, "whether the convolution that reads the image is replaced too"),
    ]
  }

  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let traits = ConvolutionTraits(node, in: graph) else {
      return .notApplicable(reason: "it is no convolution")
    }
    if let reason = traits.refusal(firstToo: first) { return .notApplicable(reason: reason) }
    // Two numbers a channel are the norm's.
    let cost = traits.inputs * (traits.op.kernel.count + 2 + traits.op.filters)
    guard cost < traits.weights else {
      return .notApplicable(
        reason: "its parts would have \(cost) parameters, it has \(traits.weights) weights")
    }
    return .applicable
  }

  public func compress(_ compression: inout Compression<DepthwiseSeparable>) throws -> Rewrite {
    let graph = compression.graph
    var replacements: [String: [NewLayer]] = [:]
    for (node, settings) in compression.layers {
      replacements[node.name] = try settings.layers(for: node, in: graph)
    }
    guard !replacements.isEmpty else {
      throw MethodError.nothingToDo(method: Self.name, reason: "no convolution would become smaller")
    }
    return try located(Self.name) { try graph.replacing(replacements, key: compression.random.key) }
  }

  private func layers(for node: Node, in graph: Graph) throws -> [NewLayer] {
    guard let traits = ConvolutionTraits(node, in: graph), let input = node.inputs.first else { return [] }
    var depthwise = traits.op
    depthwise.filters = traits.inputs
    depthwise.groups = traits.inputs
    depthwise.bias = false
    let names = ["depthwise", "depthwise.norm", "depthwise.relu"].map { graph.unusedName(node.name, $0) }
    var layers = [
      NewLayer(op: depthwise, name: names[0], inputs: [input]),
      NewLayer(op: BatchNorm(), name: names[1], inputs: [names[0]]),
      NewLayer(op: ReLU(), name: names[2], inputs: [names[1]]),
      NewLayer(
        op: Conv2D(filters: traits.op.filters, kernel: 1, bias: traits.op.bias), name: node.name,
        inputs: [names[2]]),
    ]
    guard initialize == .decomposition else { return layers }
    try located("\(Self.name): \(node.name)") {
      let parts = try SeparableKernel(nearestTo: graph.weight(of: node))
      layers[0].parameters[.weight] = parts.depthwise
      layers[3].parameters[.weight] = parts.pointwise
      layers[3].parameters[.bias] = graph.projected(node, .bias)
    }
    return layers
  }
}

/// The kernel `pointwise[o,i] · depthwise[i,u,v]` that is nearest to a given one.
struct SeparableKernel {
  /// `[I, 1, Kh, Kw]`.
  let depthwise: Tensor
  /// `[O, I, 1, 1]`.
  let pointwise: Tensor

  /// The best rank-1 approximation of each input channel's `[O, Kh·Kw]` slice; the singular value is shared evenly.
  init(nearestTo kernel: Tensor) throws(LinearAlgebraError) {
    let (filters, inputs, taps) = (kernel.shape[0], kernel.shape[1], kernel.shape.spatialCount)
    var depthwise = Tensor(zeros: [inputs, 1, kernel.shape[2], kernel.shape[3]])
    var pointwise = Tensor(zeros: [filters, inputs, 1, 1])
    for channel in 0..<inputs {
      let slice = kernel.gathering([channel], axis: 1).reshaped([filters, taps])
      let (left, right) = try slice.svd().balancedFactors(rank: 1)
      let sign: Float = right.values.reduce(0, +) < 0 ? -1 : 1
      for tap in 0..<taps { depthwise.values[channel * taps + tap] = sign * right.values[tap] }
      for filter in 0..<filters { pointwise.values[filter * inputs + channel] = sign * left.values[filter] }
    }
    self.depthwise = depthwise
    self.pointwise = pointwise
  }
}
