public import Graphs
import Ops
public import Settings
import Tensors

/// Convolutions as a squeezing 1x1 convolution, then 1x1 and 3x3 ones side by side.
public struct FireModules: CompressionMethod {
  public static let name = "fire"
  public static let family = MethodFamily.filters
  public static let order = PipelineOrder.structure
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "convolutions become fire modules: squeeze by 1x1, expand by 1x1 and 3x3 side by side",
    description: """
      Replaces each convolution larger than 1x1 of O filters by a 1x1 convolution of squeezeRatio·O filters \
      (NAME.squeeze) with norm, where set, and ReLU, whose output is read by a 1x1 convolution (NAME.expand1x1) and one of \
      the old kernel with expandShare·O filters (NAME.expand3x3); their channels side by side are the value of the old \
      name. Stride stays with the two expanding convolutions. The weights are new, so the network must be retrained. Left \
      alone are grouped convolutions, those whose padding does not keep the plane, and, unless `first` is set, the first.
      """,
    formula:
      "s = squeezeRatio·O, e3 = expandShare·O, e1 = O - e3; weights s·I + e1·s + e3·s·Kh·Kw against O·I·Kh·Kw",
    paper:
      "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer, 2016, SqueezeNet: AlexNet-level accuracy with 50x fewer "
      + "parameters, arXiv:1602.07360")
  public static var strength: WritableKeyPath<FireModules, Double>? { \.squeezedShare }

  /// Squeezing filters by expanding ones.
  public var squeezeRatio = 0.125
  /// The share of expanding filters that have the old kernel.
  public var expandShare = 0.5
  /// Whether a batch norm stands between the squeezing convolution and its ReLU.
  public var norm = true
  /// Whether the first convolution is replaced too.
  public var first = false

  public init() {}

  /// How much narrower the squeeze is than the expansion: 1 - squeezeRatio.
  var squeezedShare: Double {
    get { 1 - squeezeRatio }
    set { squeezeRatio = min(max(1 - newValue, 0.01), 1) }
  }

  public static var settings: [Setting<FireModules>] {
    [
      Setting("squeezeRatio", \.squeezeRatio, in: 0.01...1, "squeezing filters by expanding ones"),
      Setting(
        "expandShare", \.expandShare, in: 0.01...0.99, "share of expanding filters that have the old kernel"),
      Setting("norm", \.norm, "whether a batch norm stands between the squeezing convolution and its ReLU"),
      Setting("first", \.first, "whether the convolution that reads the image is replaced too"),
    ]
  }

  /// The filters of the three convolutions for `filters` in all.
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

  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let traits = ConvolutionTraits(node, in: graph) else {
      return .notApplicable(reason: "it is no convolution")
    }
    if let reason = traits.refusal(firstToo: first) { return .notApplicable(reason: reason) }
    guard traits.op.filters > 1 else {
      return .notApplicable(reason: "it has one filter, which cannot be two kinds")
    }
    guard traits.op.keepsPlane else {
      return .notApplicable(
        reason: "its padding of \(traits.op.padding) does not fit beside a 1x1 convolution")
    }
    let widths = Widths(self, filters: traits.op.filters)
    let cost =
      widths.squeeze * (traits.inputs + widths.narrow + widths.wide * traits.op.kernel.count + (norm ? 2 : 1))
    guard cost < traits.weights else {
      return .notApplicable(
        reason: "its parts would have \(cost) parameters, it has \(traits.weights) weights")
    }
    return .applicable
  }

  public func compress(_ compression: inout Compression<FireModules>) throws -> Rewrite {
    let graph = compression.graph
    var replacements: [String: [NewLayer]] = [:]
    for (node, settings) in compression.layers {
      replacements[node.name] = settings.layers(for: node, in: graph)
    }
    guard !replacements.isEmpty else {
      throw MethodError.nothingToDo(method: Self.name, reason: "no convolution would become smaller")
    }
    return try located(Self.name) { try graph.replacing(replacements, key: compression.random.key) }
  }

  private func layers(for node: Node, in graph: Graph) -> [NewLayer] {
    guard let conv = node.op as? Conv2D, let input = node.inputs.first else { return [] }
    let widths = Widths(self, filters: conv.filters)
    let squeeze = Conv2D(filters: widths.squeeze, kernel: 1, bias: !norm)
    var value = graph.unusedName(node.name, "squeeze")
    var layers = [NewLayer(op: squeeze, name: value, inputs: [input])]
    if norm {
      let name = graph.unusedName(node.name, "squeeze.norm")
      layers.append(NewLayer(op: BatchNorm(), name: name, inputs: [value]))
      value = name
    }
    let squeezed = graph.unusedName(node.name, "squeeze.relu")
    layers.append(NewLayer(op: ReLU(), name: squeezed, inputs: [value]))
    var wide = conv
    wide.filters = widths.wide
    let narrow = Conv2D(filters: widths.narrow, kernel: 1, stride: conv.stride, bias: conv.bias)
    let names = ["expand1x1", "expand3x3"].map { graph.unusedName(node.name, $0) }
    return layers + [
      NewLayer(op: narrow, name: names[0], inputs: [squeezed]),
      NewLayer(op: wide, name: names[1], inputs: [squeezed]),
      NewLayer(op: Concat(), name: node.name, inputs: names),
    ]
  }
}

extension Conv2D {
  /// Whether the output plane is that of a 1x1 convolution of the same stride.
  fileprivate var keepsPlane: Bool {
    2 * padding.height == dilation.height * (kernel.height - 1)
      && 2 * padding.width == dilation.width * (kernel.width - 1)
  }
}
