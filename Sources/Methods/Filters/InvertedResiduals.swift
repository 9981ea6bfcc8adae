public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces convolutions by a 1x1 to more channels, one filter for each, and a 1x1 back.
public struct InvertedResiduals: FilterMethod {
  /// The name in recipes: `inverted-residual`.
  public static let name = "inverted-residual"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by 1x1 to more channels, depthwise and 1x1",
    description: """
      Replaces each convolution larger than 1x1 over I channels by three layers: a 1x1 to expansion·I channels \
      (NAME.expand), a depthwise one with the old kernel, stride, padding and dilation (NAME.depthwise), and a 1x1 \
      of O filters without a clamp, which keeps the bias and the name. The first two have a norm, if `norm` is set, \
      and ReLU6. With `initialize: decomposition` each input channel is copied `expansion` times, and its copies \
      take the leading terms of its slice of the kernel, filters by taps; norms and clamps change their sum, and \
      `reconstruct` fits the last layer to the old layer's outputs. No sum around the block is added; those of the \
      network stay. Grouped convolutions, and those whose block would not be smaller, stay as they are; so does the \
      first convolution unless `first` is set.
      """,
    formula:
      "K[o,i,u,v] ≈ Σ_{j≤t} P[o,(i,j)]·D[(i,j),u,v], t = expansion; weights t·I² + t·I·Kh·Kw + t·I·O against O·I·Kh·Kw",
    paper:
      "Sandler, Howard, Zhu, Zhmoginov, Chen, 2018, MobileNetV2: inverted residuals and linear bottlenecks, "
      + "arXiv:1801.04381")

  /// Channels of the middle by channels that the layer reads, 1...16.
  public var expansion = 2
  /// The start of the new layers: from the old kernel or from random numbers.
  public var initialize = DecompositionStart.decomposition
  /// True if batch norms stand before the two clamps.
  public var norm = true
  /// True if the convolution that reads the image is replaced too.
  public var first = false
  /// The choice of the layers to replace, and the fit of their blocks.
  public var choice = FilterChoice()

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `expansion`, `initialize`, `norm`, `first`, and those of `FilterChoice`.
  public static var settings: [Setting<InvertedResiduals>] {
    [
      Setting(
        "expansion", \.expansion, in: 1...16,
        "channels of the middle layers, as a multiple of the layer's input channels"),
      Setting(
        "initialize", \.initialize,
        "the start of the new layers: from the old kernel (decomposition) or from random numbers (fresh)"),
      Setting("norm", \.norm, "true puts batch norms before the two clamps"),
      Setting("first", \.first, "true replaces the convolution that reads the image too"),
    ] + FilterChoice.settings(\.choice)
  }

  /// Refuses 1x1 kernels, grouped convolutions, and layers whose block would have no fewer parameters.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    applicability(to: node, in: graph, first: first) { block($0, in: graph, nil, bias: nil) }
  }

  /// Replaces each layer by `NAME.expand`, `NAME.depthwise`, both with norm and ReLU6, and a 1x1.
  public func compress(_ compression: inout Compression<InvertedResiduals>) throws -> Rewrite {
    try Self.replace(&compression) { settings, traits, graph in
      guard settings.initialize == .decomposition else {
        return settings.block(traits, in: graph, nil, bias: nil)
      }
      let kernel = try SeparableKernel(nearestTo: graph.weight(of: traits.node), terms: settings.expansion)
      return settings.block(traits, in: graph, kernel, bias: graph.projected(traits.node, .bias))
    }
  }

  /// A block that starts from a kernel of `expansion` terms, or at random if it is `nil`.
  private func block(
    _ traits: ConvolutionTraits, in graph: Graph, _ kernel: SeparableKernel?, bias: Tensor?
  ) -> FilterBlock {
    let width = expansion * traits.inputs
    var depthwise = traits.op
    (depthwise.filters, depthwise.groups, depthwise.bias) = (width, width, !norm)
    let none = kernel != nil && !norm ? Tensor(zeros: [width]) : nil
    var block = FilterBlock(traits, in: graph)
    block.add(
      Conv2D(filters: width, kernel: 1, bias: !norm), "expand",
      weight: kernel == nil ? nil : Self.copies(of: traits.inputs, expansion), bias: none)
    block.clamp("expand", norm: norm, by: ReLU6())
    block.add(depthwise, "depthwise", weight: kernel?.depthwise, bias: none)
    block.clamp("depthwise", norm: norm, by: ReLU6())
    block.finish(
      Conv2D(filters: traits.op.filters, kernel: 1, bias: traits.op.bias), weight: kernel?.pointwise,
      bias: bias)
    return block
  }

  /// The weight `[channels·times, channels, 1, 1]` of a 1x1 that copies each channel `times` times.
  private static func copies(of channels: Int, _ times: Int) -> Tensor {
    var weight = Tensor(zeros: [channels * times, channels, 1, 1])
    for row in 0..<channels * times { weight.values[row * channels + row / times] = 1 }
    return weight
  }
}
