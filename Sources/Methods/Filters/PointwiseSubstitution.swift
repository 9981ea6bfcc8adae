public import Graphs
import Ops
public import Settings
import Tensors

/// Replaces convolutions by 1x1 ones of as many filters.
public struct PointwiseSubstitution: FilterMethod {
  /// The name in recipes: `pointwise`.
  public static let name = "pointwise"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by 1x1 ones with as many filters",
    description: """
      Replaces each convolution larger than 1x1 by a 1x1 with the same filters and stride, which keeps the bias and \
      the name. With `initialize: decomposition` it starts as the sum of each filter's taps, which is the filter's \
      response to even areas; `reconstruct` fits it to the old layer's outputs. Each replacement shrinks the \
      receptive field, so a budget or overrides should leave some layers as they are. Grouped convolutions, and \
      those whose padding does not keep the size of the plane, stay as they are; so does the first convolution \
      unless `first` is set.
      """,
    formula: "P[o,i] = Σ_{u,v} K[o,i,u,v]; weights O·I against O·I·Kh·Kw",
    paper:
      "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer, 2016, SqueezeNet: AlexNet-level accuracy with 50x fewer "
      + "parameters, section 3.1, arXiv:1602.07360")

  /// The start of the new layer: from the old kernel or from random numbers.
  public var initialize = DecompositionStart.decomposition
  /// True if the convolution that reads the image is replaced too.
  public var first = false
  /// The choice of the layers to replace, and the fit of their blocks.
  public var choice = FilterChoice()

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `initialize`, `first`, and those of `FilterChoice`.
  public static var settings: [Setting<PointwiseSubstitution>] {
    [
      Setting(
        "initialize", \.initialize,
        "the start of the new layer: from the old kernel (decomposition) or from random numbers (fresh)"),
      Setting("first", \.first, "true replaces the convolution that reads the image too"),
    ] + FilterChoice.settings(\.choice)
  }

  /// Refuses 1x1 kernels, grouped convolutions, and paddings that do not keep the plane.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    applicability(
      to: node, in: graph, first: first, obstacle: \.planeObstacle,
      { Self.block($0, in: graph, nil, bias: nil) })
  }

  /// Replaces each layer by a 1x1 of the same stride; it starts as the sums of taps if asked to.
  public func compress(_ compression: inout Compression<PointwiseSubstitution>) throws -> Rewrite {
    try Self.replace(&compression) { settings, traits, graph in
      guard settings.initialize == .decomposition else {
        return Self.block(traits, in: graph, nil, bias: nil)
      }
      return Self.block(
        traits, in: graph, try graph.weight(of: traits.node).summingTaps(),
        bias: graph.projected(traits.node, .bias))
    }
  }

  /// A block that starts from a weight, or at random if it is `nil`.
  private static func block(
    _ traits: ConvolutionTraits, in graph: Graph, _ weight: Tensor?, bias: Tensor?
  ) -> FilterBlock {
    var block = FilterBlock(traits, in: graph)
    block.finish(
      Conv2D(filters: traits.op.filters, kernel: 1, stride: traits.op.stride, bias: traits.op.bias),
      weight: weight, bias: bias)
    return block
  }
}
