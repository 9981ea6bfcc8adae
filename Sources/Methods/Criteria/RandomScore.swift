public import Settings
import Tensors

/// Scores units by chance: the control of the other criteria.
public struct RandomScore: Saliency {
  /// The name in recipes: `random`.
  public static let name = "random"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "random scores: the control for criteria that choose",
    description: """
      The control for every criterion that chooses: its worth is its distance from this one, at the same ratio, \
      schedule and training. If a criterion can score only some layers, its control draws among the units of these \
      layers.
      """,
    formula: "score = u, uniform in [0, 1)",
    paper: """
      Blalock, Gonzalez Ortiz, Frankle, Guttag, "What is the state of neural network pruning?", 2020, arXiv:2003.03033
      """)

  /// The criterion whose units are drawn from; `nil` draws from all.
  public var among: String?

  /// Draws from all units.
  public init() {}

  /// The control of a criterion: draws from the units that it can score.
  init(controlling criterion: any Saliency) {
    if type(of: criterion).isSelective { among = type(of: criterion).name }
  }

  /// Settings: `among`.
  public static var settings: [Setting<RandomScore>] {
    [
      Setting(
        "among", \.among, expected: "a criterion that leaves units out, or null",
        "criterion whose units it draws among; null draws among all",
        accepts: { $0.map { selective.contains($0) } ?? true })
    ]
  }

  /// The names of the criteria that leave units out.
  private static var selective: [String] { SaliencyCatalogue.all.filter { $0.isSelective }.map { $0.name } }

  /// The obstacle of the criterion that it controls.
  public func obstacle(to set: UnitSet) -> String? {
    among.flatMap(SaliencyCatalogue.type(named:))?.init().obstacle(to: set)
  }

  /// A number for each unit, uniform in [0, 1).
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    sets.map { set in (0..<set.count).map { _ in Double(context.random.uniform()) } }
  }
}
