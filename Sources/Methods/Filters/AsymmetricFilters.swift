public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces convolutions by a column of taps, a ReLU and a row of taps.
public struct AsymmetricFilters: FilterMethod, NarrowMiddle {
  /// The name in recipes: `asymmetric`.
  public static let name = "asymmetric"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by a column of taps, ReLU and a row of taps",
    description: """
      Replaces each convolution of Kh x Kw by two layers: Kh x 1 with ratio·O filters (NAME.column), which takes the \
      vertical stride, padding and dilation, with a norm, if `norm` is set, and ReLU; and 1 x Kw, which takes the \
      horizontal ones and keeps the bias and the name. With `initialize: decomposition` they start as the kernel's \
      spatial-svd factors, whose product norm and ReLU change; `reconstruct` fits the second one to the old layer's \
      outputs. Without norm and ReLU between them it would be spatial-svd. Grouped convolutions and kernels of one \
      row or one column stay as they are; so does the first convolution unless `first` is set.
      """,
    formula: "m = ratio·O; weights m·I·Kh + O·m·Kw against O·I·Kh·Kw",
    paper:
      "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, 2016, Rethinking the Inception architecture for computer vision, "
      + "arXiv:1512.00567")
  /// The strength is `1 - ratio`, the share by which the middle is narrower than the layer.
  public static var strength: WritableKeyPath<AsymmetricFilters, Double>? { \.removedShare }

  /// Filters of the column by filters of the layer, 0.01...1.
  public var ratio = 0.5
  /// The start of the new layers: from the old kernel or from random numbers.
  public var initialize = DecompositionStart.decomposition
  /// True if a batch norm stands before the ReLU.
  public var norm = true
  /// True if the convolution that reads the image is replaced too.
  public var first = false
  /// The choice of the layers to replace, and the fit of their blocks.
  public var choice = FilterChoice()

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `ratio`, `initialize`, `norm`, `first`, and those of `FilterChoice`.
  public static var settings: [Setting<AsymmetricFilters>] {
    [
      Setting("ratio", \.ratio, in: 0.01...1, "filters of the column, as a share of the layer's filters"),
      Setting(
        "initialize", \.initialize,
        "the start of the new layers: from the old kernel (decomposition) or from random numbers (fresh)"),
      Setting("norm", \.norm, "true puts a batch norm before the ReLU"),
      Setting("first", \.first, "true replaces the convolution that reads the image too"),
    ] + FilterChoice.settings(\.choice)
  }

  /// Refuses kernels of one row or column, grouped convolutions, and layers whose block would have no fewer
  /// parameters.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    applicability(
      to: node, in: graph, first: first,
      obstacle: { traits in
        traits.op.kernel.height > 1 && traits.op.kernel.width > 1
          ? nil : "its kernel of \(traits.op.kernel) has one row or one column"
      }, { block($0, in: graph, nil, bias: nil) })
  }

  /// Replaces each layer by `NAME.column`, norm, ReLU and a row; both start as spatial SVD factors if asked
  /// to.
  public func compress(_ compression: inout Compression<AsymmetricFilters>) throws -> Rewrite {
    try Self.replace(&compression) { settings, traits, graph in
      guard settings.initialize == .decomposition else {
        return settings.block(traits, in: graph, nil, bias: nil)
      }
      let factors = try SpatialFactors(traits.node, in: graph)
      let width = traits.filters(settings.ratio)
      let layers = factors.flatMap {
        width <= $0.svd.values.count ? $0.layers(width, shapesAlone: false) : nil
      }
      return settings.block(traits, in: graph, layers, bias: graph.projected(traits.node, .bias))
    }
  }

  /// A block that starts as two layers, or at random if `layers` is `nil`.
  private func block(
    _ traits: ConvolutionTraits, in graph: Graph, _ layers: [NewLayer]?, bias: Tensor?
  ) -> FilterBlock {
    var column = traits.op.columnOfTaps
    (column.filters, column.bias) = (traits.filters(ratio), !norm)
    var block = FilterBlock(traits, in: graph)
    block.add(
      column, "column", weight: layers?.first?.parameters[.weight],
      bias: layers == nil || norm ? nil : Tensor(zeros: [column.filters]))
    block.clamp("column", norm: norm)
    block.finish(traits.op.rowOfTaps, weight: layers?.last?.parameters[.weight], bias: bias)
    return block
  }
}
