public import Settings

/// The cost of a multiply-add in one kind of layer at one width.
public struct OperationCost: SettingValue, Sendable, Equatable {
  /// The op's kind, or `depthwise` for convolutions of groups.
  public var layer: String
  /// The widest operand that the cost applies to, in bits; 32 is floating point.
  public var bits: Int
  /// The kind of weight encoding that it applies to; `nil` for all.
  public var encoding: String?
  /// The clock cycles of a multiply-add.
  public var cycles: Double
  /// The energy of a multiply-add in addition to that of the cycles, in pJ.
  public var picojoules: Double
  /// The source of the numbers.
  public var source: String

  /// The mapping that error messages expect.
  public static var expectation: String { "a cost, {layer, bits, cycles, picojoules, encoding, source}" }

  /// Reads the mapping; throws for unknown keys, bits outside 1...32 and negative costs.
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

  /// The cost as a mapping.
  public var node: SettingsNode {
    SettingsNode(mapping: [
      "layer": layer.node, "bits": bits.node, "encoding": encoding.node, "cycles": cycles.node,
      "picojoules": picojoules.node, "source": source.node,
    ])
  }
}

/// The cost of writing an element of a layer's output at one width, for any layer.
public struct ElementCost: SettingValue, Sendable, Equatable {
  /// The widest element that the cost applies to, in bits.
  public var bits: Int
  /// The clock cycles of an element.
  public var cycles: Double
  /// The source of the numbers.
  public var source: String

  /// The mapping that error messages expect.
  public static var expectation: String { "a cost, {bits, cycles, source}" }

  /// Reads the mapping; throws for unknown keys, bits outside 1...32 and negative costs.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    let owner = "an element"
    try node.requireKeys(["bits", "cycles", "source"], of: owner)
    bits = try node.required("bits", of: owner).integer("bits", in: 1...32)
    cycles = try node.required("cycles", of: owner).cost("cycles")
    source = try Sourced.source(in: node, of: owner)
  }

  /// The cost as a mapping.
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

  /// A number of at least 0 that is small enough for finite sums over a network.
  fileprivate func cost(_ key: String) throws(SettingsError) -> Double {
    let value = try number(key)
    guard value >= 0, value <= TargetProfile.largestConstant else {
      throw .outOfRange(
        mark, key: key, expected: "a number in 0...\(TargetProfile.largestConstant)", found: kindDescription)
    }
    return value
  }
}
