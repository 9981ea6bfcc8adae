public import Settings
public import Tensors

/// Says how much each layer loses of what all lose together: the `scope` of pruning. One file in `Allocations/` and one line in
/// `AllocationCatalogue`.
public protocol Allocation: NamedKind {
  /// What `condense explain` prints, besides the settings.
  static var documentation: MethodDocumentation { get }
  /// The kinds of units that it can divide a loss among.
  static var kinds: Set<UnitKind> { get }

  /// What it wants to know of the network.
  var evidence: Set<EvidenceKind> { get }
  /// Whether units are ranked across layers, so that their scores alone decide what each layer loses.
  var ranksAcrossLayers: Bool { get }
  /// The function from the share that all layers lose together to the share that each of them loses, earlier losses included.
  ///
  /// Layers come in the order of the graph. What cannot be met is come as near to as the layers' bounds allow.
  func division(
    among layers: [AllocatedLayer], _ context: AllocationContext
  ) throws -> (Double) -> [Double]
}

extension Allocation {
  public static var summary: String { documentation.summary }
  public static var kinds: Set<UnitKind> { Set(UnitKind.allCases) }
  public var evidence: Set<EvidenceKind> { [] }
  public var ranksAcrossLayers: Bool { false }
  public func division(
    among layers: [AllocatedLayer], _ context: AllocationContext
  ) throws -> (Double) -> [Double] {
    { share in layers.map { _ in share } }
  }
}

/// Every allocation that a recipe may name.
public enum AllocationCatalogue: Catalogue {
  public static let all: [any Allocation.Type] = [
    GlobalRanking.self, UniformAllocation.self, ErdosRenyiKernel.self, MeasuredSensitivity.self,
  ]
  public static var kinds: [any NamedKind.Type] { all }

  public static func cast(_ kind: any NamedKind) -> (any Allocation)? { kind as? any Allocation }

  /// What tells allocations of different results apart.
  static func key(_ allocation: any Allocation) -> String { writeShort(allocation).canonicalJSON }

  /// The setting `scope` of a method that prunes some kinds of units: `layer`, or `{sensitivity: {images: 1024}}`.
  static func setting<Owner>(
    _ path: WritableKeyPath<Owner, any Allocation>, dividing kinds: Set<UnitKind>, of what: String
  ) -> Setting<Owner> {
    let types = all.filter { $0.kinds.isSuperset(of: kinds) }
    let names = types.map { $0.name }
    return Setting(
      "scope", expected: "one of \(names.joined(separator: ", ")), or one with its settings",
      "how much each layer loses: global ranks \(what) across layers, layer takes the same share of each; others divide "
        + "what all lose among them",
      read: { (owner, node) throws(SettingsError) in
        owner[keyPath: path] = try read(node, key: "scope", present: owner[keyPath: path], among: types)
      }, write: { writeShort($0[keyPath: path]) })
  }
}

/// A layer, or a group of tied ones, that is to lose a share: units are single weights, or channels.
public struct AllocatedLayer: Sendable, Equatable {
  /// The parameter, or the group's first value.
  public var name: String
  /// The weight's extents; `nil` for channels.
  public var shape: Shape?
  /// Units before any was lost: what shares are of.
  public var count: Int
  /// Units that are gone already.
  public var gone: Int
  /// The most units that may be gone.
  public var most: Int

  /// Makes a layer.
  public init(name: String, shape: Shape? = nil, count: Int, gone: Int = 0, most: Int) {
    (self.name, self.shape, self.count, self.gone, self.most) = (name, shape, count, gone, most)
  }
}

/// What an allocation may ask about layers, by their places.
public struct AllocationContext {
  /// The mean loss of the network over some images when a layer alone has lost so many units.
  public let meanLoss: (_ layer: Int, _ gone: Int, _ images: Int) throws -> Double
  /// What a layer's loss of so many units saves, in whatever sparsity is a share of: units, or multiply-adds.
  public let saving: (_ layer: Int, _ gone: Int) throws -> Double

  /// Makes a context; without `saving` units count alike.
  public init(
    saving: @escaping (_ layer: Int, _ gone: Int) throws -> Double = { Double($1) },
    meanLoss: @escaping (_ layer: Int, _ gone: Int, _ images: Int) throws -> Double
  ) {
    (self.saving, self.meanLoss) = (saving, meanLoss)
  }
}
