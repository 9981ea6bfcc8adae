import Graphs
import Methods
import Settings
import Tensors
import Testing

/// A method of the catalogue with particular settings, and its application in the form that laws need.
struct MethodCase: CustomTestStringConvertible, Sendable {
  let method: any CompressionMethod

  var testDescription: String { Self.name(method) + " " + Self.settings(method).canonicalJSON }

  /// The pruning and quantization methods with default settings; methods that replace layers have separate
  /// laws.
  static let defaults = MethodCatalogue.all.filter { $0.family == .pruning || $0.family == .quantization }
    .map { MethodCase(method: quick($0.init())) }

  /// The methods that replace layers or shapes, with default settings and with their other options.
  static let replacing: [MethodCase] = MethodCatalogue.all.filter {
    $0.family == .filters || $0.family == .factorization
  }.flatMap { type in variants(type.init()) }

  private static func variants(_ method: any CompressionMethod) -> [MethodCase] {
    if let method = method as? any FactorizationMethod { return variants(of: method) }
    guard let method = method as? any FilterMethod else { return [MethodCase(method: method)] }
    return variants(of: method)
  }

  /// The variants of a factorization; random weights have no low rank, so these keep only half of the energy.
  private static func variants<M: FactorizationMethod>(of method: M) -> [MethodCase] {
    var energy = brief(method)
    energy.energy = 0.5
    var (ratio, bayesian, budget, fitted) = (energy, energy, energy, energy)
    ratio.keptRatio = 0.5
    bayesian.choice.rule = .bayesian
    budget.choice.budget = 0.6
    (fitted.keptRatio, fitted.choice.reconstruct, fitted.choice.fit.images) = (0.4, true, 8)
    let all = [energy, ratio, bayesian, budget] + (method is TensorTrain ? [] : [fitted])
    return all.map { MethodCase(method: $0) }
  }

  private static func brief<M: FactorizationMethod>(_ method: M) -> M {
    guard var canonical = method as? CanonicalConvolution else { return method }
    canonical.iterations = 5
    return canonical as? M ?? method
  }

  private static func variants<M: FilterMethod>(of method: M) -> [MethodCase] {
    var (budget, harm, fitted) = (method, method, method)
    budget.choice.budget = 0.8
    (harm.choice.budget, harm.choice.layers, harm.choice.fit.images) = (0.8, .leastHarm, 8)
    (fitted.choice.reconstruct, fitted.choice.fit.images) = (true, 8)
    return [method, budget, harm, fitted].map { MethodCase(method: $0) }
  }

  /// The method with a short training, because laws call it often.
  private static func quick(_ method: any CompressionMethod) -> any CompressionMethod {
    guard var rounding = method as? AdaptiveRounding else { return method }
    rounding.iterations = 5
    return rounding
  }

  /// Every criterion in the methods that use criteria, for each unit and scope.
  static let criteria: [MethodCase] = SaliencyCatalogue.all.flatMap { type in
    [GlobalRanking(), UniformAllocation()].flatMap { (scope: any Allocation) in
      var cases: [MethodCase] = []
      if type.kinds.isSuperset(of: [.element, .kernel, .block]) {
        cases += UnitCatalogue.all.map { unit in
          MethodCase(
            method: WeightPruning(sparsity: 0.5, criterion: quick(type), unit: unit.init(), scope: scope))
        }
      }
      if type.kinds.contains(.channel) {
        cases.append(MethodCase(method: ChannelPruning(sparsity: 0.5, criterion: quick(type), scope: scope)))
      }
      return cases
    }
  }

  /// Every allocation in the methods that use allocations.
  static let allocations: [MethodCase] = AllocationCatalogue.all.flatMap { type in
    var cases = [
      MethodCase(method: WeightPruning(sparsity: 0.5, criterion: Magnitude(), scope: type.init()))
    ]
    if type.kinds.contains(.channel) {
      cases.append(MethodCase(method: ChannelPruning(sparsity: 0.5, scope: type.init())))
    }
    return cases
  }

  /// The criterion with little evidence, because laws call it often.
  static func quick(_ type: any Saliency.Type) -> any Saliency {
    switch type.init() {
    case var criterion as HessianDiagonal:
      criterion.probes = 1
      return criterion
    case var criterion as BrainSurgeon:
      criterion.block = 8
      return criterion
    case var criterion as Relevance:
      criterion.images = 2
      return criterion
    case var criterion as Reconstruction:
      criterion.places = 2
      return criterion
    case let criterion: return criterion
    }
  }

  /// True if the criterion changes the readers of channels to compensate for removed ones.
  var changesReaders: Bool {
    let criterion = (method as? ChannelPruning)?.criterion
    return criterion is Reconstruction || criterion is NeuronMerging
  }

  /// The methods of shared numbers with every start and importance.
  static let sharing: [MethodCase] = {
    var density = WeightClustering()
    (density.start, density.convolutionBits, density.linearBits) = (.density, 3, 2)
    density.importance.rule = .fisher
    var random = WeightClustering()
    (random.start, random.convolutionBits, random.linearBits) = (.random, 2, 3)
    random.importance.rule = .hessian
    random.importance.probes = 1
    var entropy = EntropyConstrained()
    (entropy.bitsPerWeight, entropy.bits, entropy.importance.rule) = (1.5, 3, .fisher)
    var product = ProductQuantization()
    (product.bits, product.width, product.importance.rule) = (2, 2, .fisher)
    var own = ProductQuantization()
    (own.bits, own.width, own.codebooks) = (1, 2, .own)
    return [
      MethodCase(method: density), MethodCase(method: random), MethodCase(method: entropy),
      MethodCase(method: product), MethodCase(method: own),
    ]
  }()

  /// All cases of the laws.
  static let all = defaults + criteria + allocations + sharing
  /// The cases that remove something themselves and do not only follow others.
  ///
  /// Gates save nothing but work, and equalization of channels saves nothing.
  static let shrinking = all.filter {
    !($0.method is Rewind || $0.method is DropoutAdaptation || $0.method is ChannelGates
      || $0.method is CrossLayerEqualization)
  }
  /// The cases with a strength.
  static let graded = all.filter { hasStrength($0.method) }

  private static func hasStrength<M: CompressionMethod>(_ method: M) -> Bool { M.strength != nil }

  private static func name<M: CompressionMethod>(_ method: M) -> String { M.name }
  private static func settings<M: CompressionMethod>(_ method: M) -> SettingsNode { method.node }

  /// Applies the method to a graph as at the end of a stage.
  func compress(_ graph: Graph, evidence: any Evidence = NoEvidence(), seed: UInt64 = 1) throws -> Rewrite {
    try Self.compress(method, graph, evidence, seed)
  }

  private static func compress<M: CompressionMethod>(
    _ method: M, _ graph: Graph, _ evidence: any Evidence, _ seed: UInt64
  ) throws -> Rewrite {
    var compression = Compression(
      method, graph: graph, evidence: evidence, random: SeededRandom(seed: seed, purpose: "compression"))
    return try method.compress(&compression)
  }
}
