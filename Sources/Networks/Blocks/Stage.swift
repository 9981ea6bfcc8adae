public import Settings

/// Layers several times over: `stage: {count: 3, stride: 2, of: {residual: 32}}`.
///
/// The stride is that of the first layer of the first repetition; the others keep their own, which is 1 by default.
public struct Stage: Block {
  public static let kind = "stage"
  public static let summary = "layers several times over, the first with a stride"
  public static let scopeName: String? = "stage"
  static let maximumCount = 1024
  static let maximumDepth = 16

  /// How often the layers come.
  public var count = 1
  /// The stride of the very first layer.
  public var stride: Int?
  /// One layer or a list of layers.
  public var of = LayerList()

  public init() {}

  public static var settings: [Setting<Self>] {
    [
      Setting("count", \.count, in: 1...maximumCount, "how often the layers come"),
      Setting("stride", \.stride, in: 1...1024, "stride of the very first layer"),
      Setting("of", \.of, required: true, "a layer or a list of layers"),
    ]
  }

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

/// Layers as a spec holds them: one, or a list.
public struct LayerList: SettingValue, Sendable {
  public static let expectation = "a layer or a list of at least one layer"

  /// The layers.
  let nodes: [SettingsNode]

  init() { nodes = [] }

  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    nodes = try node.list(key, allowingSingle: true)
    // Nested stages of nothing would repeat nothing for ever: only layers that make nodes reach the node limit.
    guard !nodes.isEmpty else {
      throw .wrongType(node.mark, key: key, expected: Self.expectation, found: node.kindDescription)
    }
  }

  public var node: SettingsNode { SettingsNode(.list(nodes)) }
}
