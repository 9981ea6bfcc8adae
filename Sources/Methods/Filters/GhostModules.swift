public import Graphs
import Ops
public import Settings
import Tensors

/// Replaces convolutions by one of fewer filters, and cheap filters of its channels beside them.
public struct GhostModules: FilterMethod {
  /// The name in recipes: `ghost`.
  public static let name = "ghost"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by one of fewer filters and cheap filters of its outputs",
    description: """
      Replaces each convolution larger than 1x1 of O filters by one of O/ratio filters (NAME.primary) and a \
      depthwise one of `kernel` x `kernel` taps, which makes ratio - 1 more channels of each primary one \
      (NAME.cheap). The concatenation of both has the old name. With `initialize: decomposition` the primary filters \
      are the layer's first ones; cheap filters start from random numbers, and `reconstruct` fits both to the old \
      layer's outputs, each channel to its own. Grouped convolutions, and those whose filters `ratio` does not \
      divide, stay as they are; so does the first convolution unless `first` is set.
      """,
    formula: "m = O/ratio; weights m·I·Kh·Kw + (ratio - 1)·m·kernel² against O·I·Kh·Kw",
    paper:
      "Han, Wang, Tian, Guo, Xu, Xu, 2020, GhostNet: more features from cheap operations, arXiv:1911.11907")

  /// Filters of the layer by primary ones, 2...64.
  public var ratio = 2
  /// Taps a side of the cheap filters, odd, 1...15.
  public var kernel = 3
  /// The start of the primary filters: as the old ones or from random numbers.
  public var initialize = DecompositionStart.decomposition
  /// True if the convolution that reads the image is replaced too.
  public var first = false
  /// The choice of the layers to replace, and the fit of their blocks.
  public var choice = FilterChoice()

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `ratio`, `kernel`, `initialize`, `first`, and those of `FilterChoice`.
  public static var settings: [Setting<GhostModules>] {
    [
      Setting("ratio", \.ratio, in: 2...64, "the layer's filters divided by the primary filters"),
      Setting("kernel", \.kernel, expected: "an odd integer in 1...15", "side of the cheap filters, in taps")
      {
        $0 % 2 == 1 && (1...15).contains($0)
      },
      Setting(
        "initialize", \.initialize,
        "the start of primary filters: as the old ones (decomposition) or from random numbers (fresh)"),
      Setting("first", \.first, "true replaces the convolution that reads the image too"),
    ] + FilterChoice.settings(\.choice)
  }

  /// Refuses layers whose filters the ratio does not divide, and blocks of no fewer parameters.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    applicability(
      to: node, in: graph, first: first,
      obstacle: { traits in
        traits.op.filters % ratio == 0
          ? nil : "a ratio of \(ratio) does not divide its \(traits.op.filters) filters"
      }, { block($0, in: graph, nil, bias: nil) })
  }

  /// Replaces each layer by the concatenation of `NAME.primary` and `NAME.cheap`, which reads it.
  public func compress(_ compression: inout Compression<GhostModules>) throws -> Rewrite {
    try Self.replace(&compression) { settings, traits, graph in
      guard settings.initialize == .decomposition else {
        return settings.block(traits, in: graph, nil, bias: nil)
      }
      let kept = Array(0..<traits.op.filters / settings.ratio)
      return settings.block(
        traits, in: graph, try graph.weight(of: traits.node).gathering(kept, axis: 0),
        bias: graph.projected(traits.node, .bias))
    }
  }

  /// A block whose primary filters start from a weight, or at random if it is `nil`.
  private func block(
    _ traits: ConvolutionTraits, in graph: Graph, _ weight: Tensor?, bias: Tensor?
  ) -> FilterBlock {
    let (filters, width) = (traits.op.filters, traits.op.filters / ratio)
    var primary = traits.op
    primary.filters = width
    let cheap = Conv2D(
      filters: filters - width, kernel: kernel, padding: kernel / 2, groups: width, bias: traits.op.bias)
    var block = FilterBlock(traits, in: graph)
    block.add(primary, "primary", weight: weight, bias: bias?.gathering(Array(0..<width), axis: 0))
    let name = block.present
    block.add(cheap, "cheap", bias: bias?.gathering(Array(width..<filters), axis: 0))
    block.finish(joining: [(name, 0..<width), (block.present, width..<filters)])
    return block
  }
}
