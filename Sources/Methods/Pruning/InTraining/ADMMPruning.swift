import Encodings
import Foundation
public import Graphs
public import Settings
import Tensors

/// Prunes by the alternating direction method of multipliers, which pulls weights towards a sparse network's.
public struct ADMMPruning: WeightPruningMethod {
  /// The name in recipes: `admm-pruning`.
  public static let name = "admm-pruning"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "pull weights towards a sparse tensor while training, then mask (ADMM)",
    description: """
      Finds weights of a given sparsity with the least loss. At each of `times` points Z becomes the nearest tensor \
      to W + U with enough zeros; U adds up the distance that W has kept from Z. Between points, training pulls W \
      towards Z - U. A weight that the loss holds against the pull keeps its place, so magnitude alone does not \
      decide. The strength rho grows over the stage, and U is scaled with it. The last point masks the weights that \
      are zero in Z for good; the training after it recovers. With a gradual schedule the sparsity of Z grows.
      """,
    formula: """
      U = (W - T)·rho/rho'; Z = the round(s(p)·n) lowest of W + U set to zero; T = Z - U; loss + rho'/2·|W - T|^2 with \
      rho' = rho·growth^p
      """,
    paper: """
      Zhang, Ye, Zhang, Tang, Wen, Fardad, Wang, "A systematic DNN weight pruning framework using alternating direction method \
      of multipliers", 2018, arXiv:1804.03294; progressive: Ye et al., 2019, arXiv:1903.09769; scaling of U: Boyd, Parikh, \
      Chu, Peleato, Eckstein, 2011, doi:10.1561/2200000016, section 3.4.1
      """)

  /// The sparsity, and the points at which weights are projected.
  public var amount = PruningAmount(sparsity: 0.8)
  /// Absolute weights.
  public var criterion: any Saliency { Magnitude() }
  /// The shape of the units that are pruned as a whole.
  public var unit: any UnitShape = SingleWeights()
  /// The strength of the pull at the beginning of the stage, 1e-9...1e3.
  public var rho = 1e-3
  /// The factor by which the strength has grown at the end, 1...1e6.
  public var growth = 100.0

  /// Prunes four of five weights in the end, at 20 points over 0.8 of the training.
  public init() {
    amount.times = 20
    amount.share = 0.8
  }

  /// Prunes to a sparsity.
  public init(sparsity: Double, scope: any Allocation = .global, rho: Double, growth: Double = 1) {
    self.init()
    amount.sparsity = sparsity
    amount.scope = scope
    self.rho = rho
    self.growth = growth
  }

  /// Settings: those of `PruningAmount`, `unit`, `rho`, `growth`.
  public static var settings: [Setting<ADMMPruning>] {
    PruningAmount.settings(\.amount, of: "weights", [.element]) + [
      UnitCatalogue.setting(\.unit),
      Setting("rho", \.rho, in: 1e-9...1e3, "strength of the pull at the beginning of the stage"),
      Setting("growth", \.growth, in: 1...1e6, "factor by which the strength has grown at the end"),
    ]
  }

  /// Acts at `times` points, whatever the schedule.
  public var pacing: Pacing { .gradual(times: amount.times, share: amount.share) }
  /// Weight pruning with the criterion `random`, of the same amount.
  public var randomControl: (any CompressionMethod)? {
    var control = WeightPruning(
      sparsity: amount.sparsity, criterion: RandomScore(controlling: criterion), unit: unit)
    control.amount = amount
    return control
  }

  /// Updates U, projects W + U to the sparsity, and pulls weights towards Z - U; masks at the last point.
  public func compress(_ compression: inout Compression<ADMMPruning>) throws -> Rewrite {
    let present = compression.graph
    let shipped = present.shipped
    var strengths: [String: Float] = [:]
    // The sums W + U, whose projection is Z.
    var sums = shipped
    for (node, settings) in compression.layers {
      let rho = Float(settings.rho * pow(settings.growth, compression.progress))
      for (name, parameter) in present.prunableWeights(of: node) {
        strengths[name] = rho
        // Before the first pull U is zero, and the sum is W.
        guard let pull = parameter.encoding as? Attracted else { continue }
        sums.parameters[name]?.value = pull.sum(parameter.value, strength: rho)
      }
    }
    var projection = compression.with({ $0 }, graph: sums)
    let (_, weights) = try chosen(&projection)
    guard compression.progress < 1 else { return try masked(shipped, weights, compression) }
    var pulled = shipped
    for weight in weights {
      guard let parameter = shipped.parameters[weight.name],
        let sum = sums.parameters[weight.name]?.projected.values, let rho = strengths[weight.name]
      else { continue }
      let inner = try parameter.plainFloats(weight.name, for: Self.name)
      let masters = parameter.projected.values
      let kept = weight.kept
      // The target is T = Z - U, and U = (W + U) - W.
      let target = masters.indices.map { (kept[$0] ? sum[$0] : 0) - (sum[$0] - masters[$0]) }
      pulled.parameters[weight.name]?.encoding = Attracted(to: target, strength: [rho], inner: inner)
    }
    return Rewrite(inPlace: pulled)
  }
}

extension Attracted {
  /// The sum W + U after a pull towards T = Z - U, scaled to another strength.
  ///
  /// During the pull U has become W - T.
  fileprivate func sum(_ masters: Tensor, strength rho: Float) -> Tensor {
    var sum = masters
    let factor = strength[0] / rho
    for i in sum.values.indices { sum.values[i] += (masters.values[i] - target[i]) * factor }
    return sum
  }
}
