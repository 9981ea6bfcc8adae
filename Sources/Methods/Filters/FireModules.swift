public import Graphs
import Ops
public import Settings
import Tensors

/// Replaces convolutions by a squeezing 1x1, then 1x1 and 3x3 ones side by side.
public struct FireModules: FilterMethod {
  /// The name in recipes: `fire`.
  public static let name = "fire"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by fire modules: 1x1 squeeze, then 1x1 and 3x3 side by side",
    description: """
      Replaces each convolution larger than 1x1 of O filters by a 1x1 of squeezeRatio·O filters (NAME.squeeze) with \
      a norm, if `norm` is set, and ReLU. A 1x1 (NAME.expand1x1) and a convolution with the old kernel and \
      expandShare·O filters (NAME.expand3x3) read its output; their concatenation has the old name. The two \
      expanding convolutions take the stride. The weights are new, so the network must be retrained. With \
      `initialize: decomposition` the squeeze takes the leading directions of the kernel along its input channels, \
      the expanding ones take the kernel's responses to these, the 1x1 with its taps summed. Grouped convolutions, \
      and those whose padding does not keep the size of the plane, stay as they are; so does the first convolution \
      unless `first` is set.
      """,
    formula:
      "s = squeezeRatio·O, e3 = expandShare·O, e1 = O - e3; weights s·I + e1·s + e3·s·Kh·Kw against O·I·Kh·Kw",
    paper:
      "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer, 2016, SqueezeNet: AlexNet-level accuracy with 50x fewer "
      + "parameters, arXiv:1602.07360")
  /// The strength is `1 - squeezeRatio`.
  public static var strength: WritableKeyPath<FireModules, Double>? { \.squeezedShare }

  /// Squeezing filters by expanding ones, 0.01...1.
  public var squeezeRatio = 0.125
  /// The share of expanding filters that have the old kernel, 0.01...0.99.
  public var expandShare = 0.5
  /// True if a batch norm stands between the squeezing convolution and its ReLU.
  public var norm = true
  /// True if the convolution that reads the image is replaced too.
  public var first = false
  /// The start of the new layers: from the old kernel or from random numbers.
  public var initialize = DecompositionStart.fresh
  /// The choice of the layers to replace, and the fit of their blocks.
  public var choice = FilterChoice()

  /// Creates it with its default settings.
  public init() {}

  /// The share by which the squeeze is narrower than the expansion: `1 - squeezeRatio`.
  var squeezedShare: Double {
    get { 1 - squeezeRatio }
    set { squeezeRatio = min(max(1 - newValue, 0.01), 1) }
  }

  /// Settings: `squeezeRatio`, `expandShare`, `norm`, `first`, `initialize`, and those of `FilterChoice`.
  public static var settings: [Setting<FireModules>] {
    [
      Setting(
        "squeezeRatio", \.squeezeRatio, in: 0.01...1, "squeezing filters, as a share of the expanding ones"),
      Setting(
        "expandShare", \.expandShare, in: 0.01...0.99,
        "share of the expanding filters that have the old kernel"),
      Setting("norm", \.norm, "true puts a batch norm between the squeezing convolution and its ReLU"),
      Setting("first", \.first, "true replaces the convolution that reads the image too"),
      Setting(
        "initialize", \.initialize,
        "the start of the new layers: from the old kernel (decomposition) or from random numbers (fresh)"
      ).omittedAsDefault(),
    ] + FilterChoice.settings(\.choice)
  }

  /// The filters of the three convolutions in place of one of `filters`.
  private struct Widths {
    let squeeze: Int
    let narrow: Int
    let wide: Int

    init(_ settings: FireModules, filters: Int) {
      squeeze = max(1, Int((settings.squeezeRatio * Double(filters)).rounded()))
      wide = max(1, min(filters - 1, Int((settings.expandShare * Double(filters)).rounded())))
      narrow = filters - wide
    }
  }

  /// Refuses layers of one filter, paddings that do not keep the plane, and blocks of no fewer parameters.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let traits = ConvolutionTraits(node, in: graph) else {
      return .notApplicable(reason: "it is no convolution")
    }
    if let reason = traits.refusal(firstToo: first) { return .notApplicable(reason: reason) }
    guard traits.op.filters > 1 else {
      return .notApplicable(reason: "it has one filter, which cannot be two kinds")
    }
    if let reason = traits.planeObstacle { return .notApplicable(reason: reason) }
    let widths = Widths(self, filters: traits.op.filters)
    let cost =
      widths.squeeze * (traits.inputs + widths.narrow + widths.wide * traits.op.kernel.count + (norm ? 2 : 1))
    guard cost < traits.weights else {
      return .notApplicable(
        reason: "its parts would have \(cost) parameters, it has \(traits.weights) weights")
    }
    return .applicable
  }

  /// Replaces each layer by `NAME.squeeze`, norm, ReLU and the concatenation of two expanding convolutions.
  public func compress(_ compression: inout Compression<FireModules>) throws -> Rewrite {
    try Self.replace(&compression) { settings, traits, graph in
      guard settings.initialize == .decomposition else {
        return settings.block(traits, in: graph, nil, bias: nil)
      }
      let start = try TuckerDecomposition.Start(graph.weight(of: traits.node))
      let squeeze = Widths(settings, filters: traits.op.filters).squeeze
      // The decomposition has an input basis only where the squeeze is narrower than the input.
      guard squeeze < min(traits.inputs, start.inputValues.count + 1) else {
        return settings.block(traits, in: graph, nil, bias: nil)
      }
      let parts = try start.decomposition(Ranks(input: squeeze, output: traits.op.filters), iterations: 0)
      return settings.block(traits, in: graph, parts, bias: graph.projected(traits.node, .bias))
    }
  }

  /// A block that starts from the kernel's leading input directions, or at random if `parts` is `nil`.
  private func block(
    _ traits: ConvolutionTraits, in graph: Graph, _ parts: TuckerDecomposition?, bias: Tensor?
  ) -> FilterBlock {
    let conv = traits.op
    let widths = Widths(self, filters: conv.filters)
    var wide = conv
    wide.filters = widths.wide
    let narrow = Conv2D(filters: widths.narrow, kernel: 1, stride: conv.stride, bias: conv.bias)
    let (narrowChannels, wideChannels) = (0..<widths.narrow, widths.narrow..<conv.filters)
    let core = parts?.core
    var block = FilterBlock(traits, in: graph)
    block.add(
      Conv2D(filters: widths.squeeze, kernel: 1, bias: !norm), "squeeze",
      weight: parts?.inputBasis?.reshaped([widths.squeeze, traits.inputs, 1, 1]),
      bias: core == nil || norm ? nil : Tensor(zeros: [widths.squeeze]))
    block.clamp("squeeze", norm: norm)
    let squeezed = block.present
    block.add(
      narrow, "expand1x1", weight: core?.gathering(Array(narrowChannels), axis: 0).summingTaps(),
      bias: bias?.gathering(Array(narrowChannels), axis: 0))
    let first = block.present
    block.add(
      wide, "expand3x3", from: squeezed, weight: core?.gathering(Array(wideChannels), axis: 0),
      bias: bias?.gathering(Array(wideChannels), axis: 0))
    block.finish(joining: [(first, narrowChannels), (block.present, wideChannels)])
    return block
  }
}
