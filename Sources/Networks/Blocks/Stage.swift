public import Settings

/// Layers that are repeated: `stage: {count: 3, stride: 2, of: {residual: 32}}`.
///
/// The stride is given to the first layer of the first repetition; all other layers keep theirs.
public struct Stage: Block {
  /// The name in specs: `stage`.
  public static let kind = "stage"
  /// One line for lists and documentation.
  public static let summary = "layers several times over, the first with a stride"
  /// Unnamed blocks are counted as `stage1`, `stage2`, ….
  public static let scopeName: String? = "stage"
  static let maximumCount = 1024
  static let maximumDepth = 16

  /// The number of repetitions.
  public var count = 1
  /// The stride of the very first layer; `nil` leaves its own.
  public var stride: Int?
  /// The layers of a repetition: one or a list.
  public var of = LayerList()

  /// One repetition of no layer; specs must give layers.
  public init() {}

  /// Settings: `count`, `stride`, `of`.
  public static var settings: [Setting<Self>] {
    [
      Setting("count", \.count, in: 1...maximumCount, "how often the layers come"),
      Setting("stride", \.stride, in: 1...1024, "stride of the very first layer"),
      Setting("of", \.of, required: true, "a layer or a list of layers"),
    ]
  }

  /// Appends the layers `count` times; refuses stages that are nested deeper than 16.
  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    guard network.depth <= Self.maximumDepth else {
      throw .settings(
        .invalid(network.mark, key: Self.kind, reason: "nested deeper than \(Self.maximumDepth)"))
    }
    var value = input
    for repetition in 0..<count {
      for (index, node) in of.nodes.enumerated() {
        var layer = try LayerEntry(node)
        if repetition == 0, index == 0, let stride {
          layer = layer.giving("stride", SettingsNode(.integer(stride), mark: network.mark))
        }
        value = try network.append(layer: layer, from: value)
      }
    }
    return value
  }
}

/// One layer or a list of layers, as a spec holds them.
public struct LayerList: SettingValue, Sendable {
  /// The form that errors ask for.
  public static let expectation = "a layer or a list of at least one layer"

  /// The layers.
  let nodes: [SettingsNode]

  init() { nodes = [] }

  /// Reads a layer or a list of at least one layer.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    nodes = try node.list(key, allowingSingle: true)
    // Nested stages without layers would never reach the limit of nodes, which only layers with nodes do.
    guard !nodes.isEmpty else {
      throw .wrongType(node.mark, key: key, expected: Self.expectation, found: node.kindDescription)
    }
  }

  /// The layers as a list of settings.
  public var node: SettingsNode { SettingsNode(.list(nodes)) }
}
