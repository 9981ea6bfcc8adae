public import Settings
public import Tensors

/// Divides the loss of all layers among them: the `scope` of pruning.
///
/// An allocation is one file in `Allocations/` and one line in `AllocationCatalogue`.
public protocol Allocation: NamedKind {
  /// The text that `condense explain` prints, besides the settings.
  static var documentation: MethodDocumentation { get }
  /// The kinds of units that it can divide a loss among.
  static var kinds: Set<UnitKind> { get }

  /// The knowledge of the network that it needs.
  var evidence: Set<EvidenceKind> { get }
  /// True if units are ranked across layers, so that their scores alone decide each layer's loss.
  var ranksAcrossLayers: Bool { get }
  /// The function from the share that all layers lose together to the share that each of them loses.
  ///
  /// Shares include earlier losses. Layers come in the order of the graph. A share that cannot be met is
  /// approached as far as the layers' bounds allow.
  func division(
    among layers: [AllocatedLayer], _ context: AllocationContext
  ) throws -> (Double) -> [Double]
}

extension Allocation {
  /// The summary of the allocation's documentation.
  public static var summary: String { documentation.summary }
  /// All kinds of units.
  public static var kinds: Set<UnitKind> { Set(UnitKind.allCases) }
  /// Nothing besides the weights.
  public var evidence: Set<EvidenceKind> { [] }
  /// False: layers are pruned one by one.
  public var ranksAcrossLayers: Bool { false }
  /// Gives each layer the same share.
  public func division(
    among layers: [AllocatedLayer], _ context: AllocationContext
  ) throws -> (Double) -> [Double] {
    { share in layers.map { _ in share } }
  }
}

/// All allocations that a recipe may name.
public enum AllocationCatalogue: Catalogue {
  /// The allocations, in the order of the documentation.
  public static let all: [any Allocation.Type] = [
    GlobalRanking.self, UniformAllocation.self, ErdosRenyiKernel.self, MeasuredSensitivity.self,
  ]
  /// The same types as named kinds.
  public static var kinds: [any NamedKind.Type] { all }

  /// The allocation as such; `nil` if the kind is none.
  public static func cast(_ kind: any NamedKind) -> (any Allocation)? { kind as? any Allocation }

  /// A text that is equal for allocations of equal results.
  static func key(_ allocation: any Allocation) -> String { writeShort(allocation).canonicalJSON }

  /// The setting `scope` of a method that prunes some kinds of units.
  ///
  /// It takes a name, `layer`, or a name with settings, `{sensitivity: {images: 1024}}`.
  static func setting<Owner>(
    _ path: WritableKeyPath<Owner, any Allocation>, dividing kinds: Set<UnitKind>, of what: String
  ) -> Setting<Owner> {
    let types = all.filter { $0.kinds.isSuperset(of: kinds) }
    let names = types.map { $0.name }
    return Setting(
      "scope", expected: "one of \(names.joined(separator: ", ")), or one with its settings",
      "the share that each layer loses: global ranks \(what) across layers, layer prunes the same share of each; others divide "
        + "the total among layers",
      read: { (owner, node) throws(SettingsError) in
        owner[keyPath: path] = try read(node, key: "scope", present: owner[keyPath: path], among: types)
      }, write: { writeShort($0[keyPath: path]) })
  }
}

/// A layer, or a group of tied ones, that is to lose a share of its weights or channels.
public struct AllocatedLayer: Sendable, Equatable {
  /// The name of the parameter, or of the group's first value.
  public var name: String
  /// The weight's extents; `nil` for channels.
  public var shape: Shape?
  /// Units before any was lost, of which shares are taken.
  public var count: Int
  /// Units that are gone already.
  public var gone: Int
  /// The most units that may be gone.
  public var most: Int

  /// Makes a layer of which nothing is gone, unless given.
  public init(name: String, shape: Shape? = nil, count: Int, gone: Int = 0, most: Int) {
    (self.name, self.shape, self.count, self.gone, self.most) = (name, shape, count, gone, most)
  }
}

/// The questions that an allocation may ask about layers, which it names by their places.
public struct AllocationContext {
  /// The mean loss of the network over some images when a layer alone has lost `gone` units.
  public let meanLoss: (_ layer: Int, _ gone: Int, _ images: Int) throws -> Double
  /// The saving when a layer loses `gone` units, in units or multiply-adds, whichever the sparsity is a share
  /// of.
  public let saving: (_ layer: Int, _ gone: Int) throws -> Double

  /// Makes a context; without `saving` each unit saves 1.
  public init(
    saving: @escaping (_ layer: Int, _ gone: Int) throws -> Double = { Double($1) },
    meanLoss: @escaping (_ layer: Int, _ gone: Int, _ images: Int) throws -> Double
  ) {
    (self.saving, self.meanLoss) = (saving, meanLoss)
  }
}
