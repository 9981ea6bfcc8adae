public import Settings

/// What a multiply-add of one kind of layer costs at one width.
public struct OperationCost: SettingValue, Sendable, Equatable {
  /// The op's kind, or `depthwise` for convolutions of groups.
  public var layer: String
  /// The widest operand that the cost holds for, in bits; 32 is floating point.
  public var bits: Int
  /// The kind of weight encoding that it is for; `nil` for all.
  public var encoding: String?
  /// Clock cycles a multiply-add.
  public var cycles: Double
  /// Energy a multiply-add beside that of the cycles, in picojoules.
  public var picojoules: Double
  /// Where it comes from.
  public var source: String

  public static var expectation: String { "a cost, {layer, bits, cycles, picojoules, encoding, source}" }

  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    let owner = "an operation"
    try node.requireKeys(["layer", "bits", "encoding", "cycles", "picojoules", "source"], of: owner)
    layer = try node.required("layer", of: owner).string("layer")
    bits = try node.required("bits", of: owner).integer("bits", in: 1...32)
    encoding = try String?(reading: node["encoding"] ?? SettingsNode(.null), key: "encoding")
    cycles = try node.required("cycles", of: owner).cost("cycles")
    picojoules = try node["picojoules"]?.cost("picojoules") ?? 0
    source = try Sourced.source(in: node, of: owner)
  }

  public var node: SettingsNode {
    SettingsNode(mapping: [
      "layer": layer.node, "bits": bits.node, "encoding": encoding.node, "cycles": cycles.node,
      "picojoules": picojoules.node, "source": source.node,
    ])
  }
}

/// What writing an element of a layer's output costs at one width, whatever the layer.
public struct ElementCost: SettingValue, Sendable, Equatable {
  /// The widest element that the cost holds for, in bits.
  public var bits: Int
  /// Clock cycles an element.
  public var cycles: Double
  /// Where it comes from.
  public var source: String

  public static var expectation: String { "a cost, {bits, cycles, source}" }

  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    let owner = "an element"
    try node.requireKeys(["bits", "cycles", "source"], of: owner)
    bits = try node.required("bits", of: owner).integer("bits", in: 1...32)
    cycles = try node.required("cycles", of: owner).cost("cycles")
    source = try Sourced.source(in: node, of: owner)
  }

  public var node: SettingsNode {
    SettingsNode(mapping: ["bits": bits.node, "cycles": cycles.node, "source": source.node])
  }
}

extension SettingsNode {
  fileprivate func integer(_ key: String, in range: ClosedRange<Int>) throws(SettingsError) -> Int {
    let value = try integer(key)
    guard range.contains(value) else {
      throw .outOfRange(mark, key: key, expected: "an integer in \(range)", found: kindDescription)
    }
    return value
  }

  /// A number of at least 0 that no sum over a network makes infinite.
  fileprivate func cost(_ key: String) throws(SettingsError) -> Double {
    let value = try number(key)
    guard value >= 0, value <= TargetProfile.largestConstant else {
      throw .outOfRange(
        mark, key: key, expected: "a number in 0...\(TargetProfile.largestConstant)", found: kindDescription)
    }
    return value
  }
}
