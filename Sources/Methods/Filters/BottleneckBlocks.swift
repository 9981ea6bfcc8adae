public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces convolutions by a 1x1 to few channels, the old kernel between these, and a 1x1 back.
public struct BottleneckBlocks: FilterMethod, NarrowMiddle {
  /// The name in recipes: `bottleneck`.
  public static let name = "bottleneck"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by 1x1, the old kernel on few channels and 1x1",
    description: """
      Replaces each convolution larger than 1x1 of O filters by three layers: a 1x1 to ratio·O channels \
      (NAME.reduce), a convolution with the old kernel, stride and padding between as many channels (NAME.core), and \
      a 1x1 of O filters, which keeps the bias and the name. The first two have a norm, if `norm` is set, and ReLU. \
      With `initialize: decomposition` the three start as the kernel's Tucker-2 factors, whose product norm and ReLU \
      change; `reconstruct` fits the last layer to the old layer's outputs. Grouped convolutions stay as they are; \
      so does the first convolution unless `first` is set.
      """,
    formula: "m = ratio·O; weights m·I + m²·Kh·Kw + O·m against O·I·Kh·Kw",
    paper: "He, Zhang, Ren, Sun, 2016, Deep residual learning for image recognition, arXiv:1512.03385")
  /// The strength is `1 - ratio`, the share by which the middle is narrower than the layer.
  public static var strength: WritableKeyPath<BottleneckBlocks, Double>? { \.removedShare }

  /// Channels of the middle by filters of the layer, 0.01...1.
  public var ratio = 0.25
  /// The start of the new layers: from the old kernel or from random numbers.
  public var initialize = DecompositionStart.decomposition
  /// True if batch norms stand before the two ReLUs.
  public var norm = true
  /// True if the convolution that reads the image is replaced too.
  public var first = false
  /// The choice of the layers to replace, and the fit of their blocks.
  public var choice = FilterChoice()

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `ratio`, `initialize`, `norm`, `first`, and those of `FilterChoice`.
  public static var settings: [Setting<BottleneckBlocks>] {
    [
      Setting(
        "ratio", \.ratio, in: 0.01...1, "channels of the middle layer, as a share of the layer's filters"),
      Setting(
        "initialize", \.initialize,
        "the start of the new layers: from the old kernel (decomposition) or from random numbers (fresh)"),
      Setting("norm", \.norm, "true puts batch norms before the two ReLUs"),
      Setting("first", \.first, "true replaces the convolution that reads the image too"),
    ] + FilterChoice.settings(\.choice)
  }

  /// Refuses 1x1 kernels, grouped convolutions, and layers whose block would have no fewer parameters.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    applicability(to: node, in: graph, first: first) { block($0, in: graph, nil, bias: nil) }
  }

  /// Replaces each layer by `NAME.reduce`, `NAME.core` and a 1x1; they start as Tucker-2 factors if asked to.
  public func compress(_ compression: inout Compression<BottleneckBlocks>) throws -> Rewrite {
    try Self.replace(&compression) { settings, traits, graph in
      guard settings.initialize == .decomposition else {
        return settings.block(traits, in: graph, nil, bias: nil)
      }
      let start = try TuckerDecomposition.Start(graph.weight(of: traits.node))
      let width = traits.filters(settings.ratio)
      let ranks = Ranks(
        input: min(width, start.inputValues.count), output: min(width, start.outputValues.count))
      let parts = try start.decomposition(ranks, iterations: 3)
      return settings.block(traits, in: graph, parts, bias: graph.projected(traits.node, .bias))
    }
  }

  /// A block that starts from a decomposition, or at random where the decomposition has not the block's
  /// ranks.
  private func block(
    _ traits: ConvolutionTraits, in graph: Graph, _ parts: TuckerDecomposition?, bias: Tensor?
  ) -> FilterBlock {
    let (width, conv) = (traits.filters(ratio), traits.op)
    var core = conv
    (core.filters, core.bias) = (width, !norm)
    // A decomposition of full rank has no bases, so a middle as wide as the layer starts at random.
    let fits = parts?.core.shape[0] == width && parts?.core.shape[1] == width
    let (into, back) = fits ? (parts?.inputBasis, parts?.outputBasis) : (nil, nil)
    let start = into != nil && back != nil ? parts?.core : nil
    var block = FilterBlock(traits, in: graph)
    block.add(
      Conv2D(filters: width, kernel: 1, bias: !norm), "reduce",
      weight: start == nil ? nil : into?.reshaped([width, traits.inputs, 1, 1]),
      bias: start == nil || norm ? nil : Tensor(zeros: [width]))
    block.clamp("reduce", norm: norm)
    block.add(core, "core", weight: start, bias: start == nil || norm ? nil : Tensor(zeros: [width]))
    block.clamp("core", norm: norm)
    block.finish(
      Conv2D(filters: conv.filters, kernel: 1, bias: conv.bias),
      weight: start == nil ? nil : back?.reshaped([conv.filters, width, 1, 1]), bias: bias)
    return block
  }
}
