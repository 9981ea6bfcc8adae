public import Graphs
import Ops
public import Settings
import Tensors

/// Replaces convolutions by a grouped one, a shuffle of channels and a grouped 1x1.
public struct GroupedShuffle: FilterMethod {
  /// The name in recipes: `grouped-shuffle`.
  public static let name = "grouped-shuffle"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace convolutions by a grouped one, shuffled channels and a grouped 1x1",
    description: """
      Replaces each convolution larger than 1x1 by a grouped one with the old kernel, stride, padding and dilation \
      (NAME.grouped), a norm if `norm` is set, ReLU, a shuffle (NAME.shuffle) that distributes each group's channels \
      over all groups, and a grouped 1x1, which keeps the bias and the name. Every output still depends on every \
      input. With `initialize: decomposition` the first layer starts with the slices of the kernel for the filters \
      and channels of one group; the 1x1 starts from random numbers, and `reconstruct` fits it, group by group, to \
      the old layer's outputs. Grouped convolutions, and those whose channels or filters `groups` does not divide, \
      stay as they are; so does the first convolution unless `first` is set.
      """,
    formula:
      "g groups: weights O·I·Kh·Kw/g + O²/g against O·I·Kh·Kw; shuffled channel j·g + k is channel k·O/g + j",
    paper:
      "Zhang, Zhou, Lin, Sun, 2018, ShuffleNet: an extremely efficient convolutional neural network for mobile devices, "
      + "arXiv:1707.01083")

  /// Groups of both convolutions, 2...256.
  public var groups = 4
  /// The start of the first of the new layers: from the old kernel or from random numbers.
  public var initialize = DecompositionStart.decomposition
  /// True if a batch norm stands before the ReLU.
  public var norm = true
  /// True if the convolution that reads the image is replaced too.
  public var first = false
  /// The choice of the layers to replace, and the fit of their blocks.
  public var choice = FilterChoice()

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `groups`, `initialize`, `norm`, `first`, and those of `FilterChoice`.
  public static var settings: [Setting<GroupedShuffle>] {
    [
      Setting("groups", \.groups, in: 2...256, "groups of both convolutions"),
      Setting(
        "initialize", \.initialize,
        "the start of the first layer: from the old kernel (decomposition) or from random numbers (fresh)"),
      Setting("norm", \.norm, "true puts a batch norm before the ReLU"),
      Setting("first", \.first, "true replaces the convolution that reads the image too"),
    ] + FilterChoice.settings(\.choice)
  }

  /// Refuses layers whose channels or filters the groups do not divide, and blocks of no fewer parameters.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    applicability(to: node, in: graph, first: first, obstacle: obstacle) { block($0, in: graph, nil) }
  }

  /// The reason if the groups do not divide the layer's channels or filters.
  private func obstacle(_ traits: ConvolutionTraits) -> String? {
    guard traits.inputs % groups != 0 || traits.op.filters % groups != 0 else { return nil }
    return "\(groups) groups do not divide its \(traits.inputs) channels and \(traits.op.filters) filters"
  }

  /// Replaces each layer by `NAME.grouped`, norm, ReLU, `NAME.shuffle` and a grouped 1x1.
  public func compress(_ compression: inout Compression<GroupedShuffle>) throws -> Rewrite {
    try Self.replace(&compression) { settings, traits, graph in
      guard settings.initialize == .decomposition else { return settings.block(traits, in: graph, nil) }
      return settings.block(traits, in: graph, try graph.weight(of: traits.node))
    }
  }

  /// A block whose first layer starts from a kernel, or at random if it is `nil`.
  private func block(_ traits: ConvolutionTraits, in graph: Graph, _ kernel: Tensor?) -> FilterBlock {
    var grouped = traits.op
    (grouped.groups, grouped.bias) = (groups, !norm)
    var block = FilterBlock(traits, in: graph)
    block.add(
      grouped, "grouped", weight: kernel.map(own),
      bias: kernel != nil && !norm ? Tensor(zeros: [grouped.filters]) : nil)
    block.clamp("grouped", norm: norm)
    block.add(ChannelShuffle(groups: groups), "shuffle")
    block.finish(
      Conv2D(
        filters: traits.op.filters, kernel: 1, groups: groups, bias: traits.op.bias))
    return block
  }

  /// The part of a kernel that a grouped convolution keeps: `[O, I/groups, Kh, Kw]`.
  ///
  /// Each filter keeps the input channels of its own group.
  private func own(_ kernel: Tensor) -> Tensor {
    let (filters, inputs, taps) = (kernel.shape[0], kernel.shape[1], kernel.shape.spatialCount)
    let width = inputs / groups
    var values: [Float] = []
    values.reserveCapacity(kernel.values.count / groups)
    for filter in 0..<filters {
      let start = (filter * inputs + filter / (filters / groups) * width) * taps
      values.append(contentsOf: kernel.values[start..<start + width * taps])
    }
    return Tensor(values, shape: [filters, width, kernel.shape[2], kernel.shape[3]])
  }
}
