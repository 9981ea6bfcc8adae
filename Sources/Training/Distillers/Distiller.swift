public import Graphs
public import Settings
public import Tasks

/// What a training minimizes: the loss of labels alone, or with what a teacher says added to it. Plain training is
/// `supervised`. One file in `Distillers/` and one line in `DistillerCatalogue`.
public protocol Distiller: NamedKind {
  /// What it learns of a teacher; empty where there need not be one.
  var teacherParts: Set<TeacherPart> { get }

  /// What is left of it without a teacher.
  var withoutTeacher: any Distiller { get }

  /// What the teacher's logits are divided by, its base's where it has one; `nil` where they are not softened.
  var temperatureOfTargets: Float? { get }

  /// Refuses a student for which its structure alone says that this cannot be minimized.
  func requireStudent(_ student: Graph) throws

  /// Refuses a student whose task has not the heads that this compares.
  func requireHeads(_ task: any ImageTask, of student: Graph) throws

  /// Adds its losses, and the layers that it trains beside the student, to an objective.
  func build(_ objective: inout ObjectiveBuilder) throws
}

extension Distiller {
  public var withoutTeacher: any Distiller { Supervised() }
  public var temperatureOfTargets: Float? { nil }
  public func requireStudent(_ student: Graph) throws {}
}

extension Distiller {
  /// Where it learns from a teacher's scores, these must be of whole images.
  public func requireHeads(_ task: any ImageTask, of student: Graph) throws {
    guard teacherParts.contains(.logits) else { return }
    _ = try task.heads(of: student, network: "training").named(Head.scores, network: "training")
  }
}

/// What may be learnt of a teacher.
public enum TeacherPart: Sendable, Hashable {
  /// Its logits, which may have been stored.
  case logits
  /// Values within it: it has to run alongside.
  case values
}

/// Every objective that a recipe may name.
public enum DistillerCatalogue: Catalogue {
  public static let all: [any Distiller.Type] = [
    Supervised.self, SoftTargets.self, Decoupled.self, MultiLevel.self, PearsonRelations.self,
    LogitSquares.self,
    AttentionTransfer.self, Hints.self, SimilarityPreserving.self, CorrelationCongruence.self, Relations.self,
    ProbabilisticTransfer.self, SolutionFlow.self, NeuronSelectivityTransfer.self, ActivationBoundaries.self,
    VariationalInformation.self, KnowledgeReview.self, Contrastive.self,
    GateCost.self, AnchorTargets.self,
  ]
  public static var kinds: [any NamedKind.Type] { all }

  public static func cast(_ kind: any NamedKind) -> (any Distiller)? { kind as? any Distiller }

  /// Reads a name (`soft-targets`), or a name with settings (`{soft-targets: {temperature: 4}}`).
  public static func read(_ node: SettingsNode) throws(SettingsError) -> any Distiller {
    try read(node, key: "objective", present: Supervised())
  }

  /// What a stage learns of a teacher by its objective; nothing without one.
  public static func teacherParts(of objective: SettingsNode?) -> Set<TeacherPart> {
    objective.flatMap { try? read($0) }?.teacherParts ?? []
  }
}
