import Ops
public import Settings
import Tensors

/// The heads of a detector: `detector: {levels: [{from: stage4, scale: 0.2}, …]}`.
///
/// At every place of some layers, each anchor gets a score for each class and the background, and four
/// numbers that locate an object. The values are `scores` and `offsets`.
///
/// **Papers**: Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325; for separable
/// heads, Sandler et al., "MobileNetV2", CVPR 2018, arXiv:1801.04381.
public struct Detector: Block {
  /// The name in specs: `detector`.
  public static let kind = "detector"
  /// One line for lists and documentation.
  public static let summary = "scores and boxes of anchors at every place of some layers"
  /// `nil`: values belong to the surrounding scope.
  public static let scopeName: String? = nil

  /// The layers that the heads read, with their anchors.
  public var levels = DetectorLevels()
  /// The height and width of the kernels.
  public var kernel = 3
  /// True if each head is a depthwise convolution with norm and ReLU6, and then a 1x1 convolution.
  public var separable = false

  /// A detector without levels, which specs must give.
  public init() {}

  /// Settings: `levels`, `kernel`, `separable`.
  public static var settings: [Setting<Self>] {
    [
      Setting("levels", \.levels, required: true, "the layers that are looked at, with their anchors"),
      Setting("kernel", \.kernel, in: 1...31, "height and width of the kernels"),
      Setting("separable", \.separable, "whether heads are a depthwise and a 1x1 convolution"),
    ]
  }

  /// Appends two heads for each level, and joins their rows to `scores` and `offsets`; returns the scores.
  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    var (scores, offsets): ([String], [String]) = ([], [])
    let extents = try levels.extents(network)
    for (number, level) in levels.levels.enumerated() {
      let source = try level.from.map { name throws(NetworkError) in
        try network.value(referredTo: name, by: Self.kind)
      }
      let value = source ?? input
      let channels = try network.channels(of: value)
      let rows = AnchorRows(anchors: extents[number])
      for (name, numbers) in [("scores", network.classes + 1), ("offsets", 4)] {
        let made = try network.within("head\(number + 1)") { network throws(NetworkError) in
          var value = value
          if separable {
            let depthwise = Conv2D(
              filters: channels, kernel: kernel, padding: kernel / 2, groups: channels, bias: false)
            value = try network.append(depthwise, named: name + ".depthwise", from: [value])
            value = try network.append(BatchNorm(), named: name + ".norm", from: [value])
            value = try network.append(ReLU6(), named: name + ".relu", from: [value])
          }
          let size = separable ? 1 : kernel
          let head = Conv2D(filters: rows.count * numbers, kernel: size, padding: size / 2)
          value = try network.append(head, named: name, from: [value])
          return try network.append(rows, named: name + ".rows", from: [value])
        }
        if name == "scores" { scores.append(made) } else { offsets.append(made) }
      }
    }
    network.detector = [
      try Self.joined(scores, as: "scores", &network), try Self.joined(offsets, as: "offsets", &network),
    ]
    return network.detector[0]
  }

  /// The rows of all levels as one value, one level after another.
  private static func joined(
    _ rows: [String], as name: String, _ network: inout NetworkBuilder
  ) throws(NetworkError) -> String {
    if rows.count == 1 { return rows[0] }
    return try network.append(Concat(), named: name, from: rows)
  }
}

/// A layer that a detector reads, with the anchors of its places.
public struct DetectorLevel: Configurable, Sendable {
  /// The name of the layer; `nil` is the layer before.
  public var from: String?
  /// The side of a square anchor, as a share of the image's.
  public var scale = 0.2
  /// The scale of the next level; `nil` for none.
  ///
  /// It adds a square anchor whose side is the geometric mean of both scales.
  public var next: Double?
  /// The ratios of width to height of further anchors, each of which is used with its inverse too.
  public var ratios: [Double] = [2]
  /// The widths and heights of the anchors, in place of scale and ratios.
  public var anchors: [Float]?
  /// So many anchors instead, found in the data.
  public var kMeans: Int?

  /// Anchors of scale 0.2 with the ratios 1, 2 and ½.
  public init() {}

  /// Settings: `from`, `scale`, `next`, `ratios`, `anchors`.
  public static var settings: [Setting<Self>] {
    [
      Setting("from", \.from, "the layer that is looked at; the one before if null"),
      Setting("scale", \.scale, in: 0.001...8, "side of a square anchor, as a share of the image's"),
      Setting("next", \.next, in: 0.001...8, "the next level's scale: one more square anchor; none if null"),
      Setting(
        "ratios", \.ratios, expected: "numbers in 1.01...32, or an empty list",
        "width over height of further anchors, each with its inverse"
      ) { (list: [Double]) in list.allSatisfy { (1.01...32).contains($0) } && list.count <= 8 },
      Setting(
        "anchors", \.anchors, expected: "1 to 64 pairs of width and height in 0.0001...8, or null",
        "widths and heights instead of scale and ratios"
      ) { (list: [Float]?) in list.map(Self.isSensible) ?? true },
      Setting(
        "kMeans", \.kMeans, in: 1...64,
        "so many anchors instead, found in the data's boxes by k-means for all levels together, the smallest for the first; none if null"
      ),
    ]
  }

  private static func isSensible(_ anchors: [Float]) -> Bool {
    let sides: ClosedRange<Float> = 1e-4...8
    return (2...128).contains(anchors.count) && anchors.count.isMultiple(of: 2)
      && anchors.allSatisfy { sides.contains($0) }
  }

  /// The width and the height of each anchor.
  ///
  /// **Formula** for a scale s, the next scale t and ratios r: `(s, s)`, `(√(s·t), √(s·t))`, `(s·√r, s/√r)`,
  /// `(s/√r, s·√r)`.
  var extents: [Float] {
    if let anchors { return anchors }
    var extents = [scale, scale]
    if let next { extents += [(scale * next).squareRoot(), (scale * next).squareRoot()] }
    for ratio in ratios {
      let root = ratio.squareRoot()
      extents += [scale * root, scale / root, scale / root, scale * root]
    }
    return extents.map { Float($0) }
  }
}

/// The levels of a detector, as a spec lists them.
public struct DetectorLevels: SettingValue, Sendable {
  /// The form that errors ask for.
  public static let expectation = "a list of one level or more"

  /// The levels in the order of the spec.
  let levels: [DetectorLevel]

  init() { levels = [] }

  /// Reads a list of 1 to 16 levels.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    var levels: [DetectorLevel] = []
    for item in try node.list(key) { levels.append(try DetectorLevel(from: item, owner: "a level")) }
    guard (1...16).contains(levels.count) else {
      throw .wrongType(node.mark, key: key, expected: Self.expectation, found: node.kindDescription)
    }
    self.levels = levels
  }

  /// The levels as a list of settings.
  public var node: SettingsNode { SettingsNode(.list(levels.map { $0.node })) }

  /// The anchors of each level: those that are given, and of levels that ask for clusters the next ones by area.
  func extents(_ network: NetworkBuilder) throws(NetworkError) -> [[Float]] {
    let wanted = levels.reduce(0) { $0 + ($1.kMeans ?? 0) }
    guard wanted > 0 else { return levels.map(\.extents) }
    func refusal(_ reason: String) -> NetworkError {
      .settings(.invalid(network.mark, key: "kMeans", reason: reason))
    }
    guard let boxes = network.boxes else {
      throw refusal(
        "finds anchors in the boxes of a data set, and there is none here; `condense data anchors` prints them for \"anchors\""
      )
    }
    guard let clusters = AnchorClusters(of: boxes, count: wanted) else {
      throw refusal("\(wanted) anchors are more than the data has sizes of boxes; ask for fewer")
    }
    var left = clusters.extents[...]
    return levels.map { level in
      guard let count = level.kMeans else { return level.extents }
      defer { left = left.dropFirst(2 * count) }
      return Array(left.prefix(2 * count))
    }
  }
}
