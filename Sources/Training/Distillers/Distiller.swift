public import Graphs
public import Settings
public import Tasks

/// The objective of a training: the loss of labels alone, or with a teacher's part added to it.
///
/// Plain training is `supervised`. An objective is one file in `Distillers/` and one line in
/// `DistillerCatalogue`.
public protocol Distiller: NamedKind {
  /// The parts of a teacher that it learns from; empty if it needs none.
  var teacherParts: Set<TeacherPart> { get }

  /// The objective that remains without a teacher.
  var withoutTeacher: any Distiller { get }

  /// The temperature by which the teacher's logits are divided, or that of the base; `nil` if they are not
  /// softened.
  var temperatureOfTargets: Float? { get }

  /// Throws if the structure of a student alone shows that this cannot be minimized.
  func requireStudent(_ student: Graph) throws

  /// Throws if the student's task lacks the heads that this compares.
  func requireHeads(_ task: any ImageTask, of student: Graph) throws

  /// The network that is trained and shipped for a student: most objectives train the student as it is.
  ///
  /// Of a network that it has made it makes the same again. New layers are initialized from the seed. Throws
  /// if the teacher does not fit the student.
  func trained(_ student: Graph, teacher: Graph?, task: any ImageTask, seed: UInt64) throws -> Graph

  /// The layers of a student that do not learn from it, besides those that the settings of the training name.
  func frozenLayers(of student: Graph) -> [LayerPattern]

  /// Adds its losses, and the layers that it trains beside the student, to an objective.
  func build(_ objective: inout ObjectiveBuilder) throws
}

extension Distiller {
  /// Plain training.
  public var withoutTeacher: any Distiller { Supervised() }
  /// Softens no logits.
  public var temperatureOfTargets: Float? { nil }
  /// Takes any student.
  public func requireStudent(_ student: Graph) throws {}
  /// The student as it is.
  public func trained(
    _ student: Graph, teacher: Graph?, task: any ImageTask, seed: UInt64
  ) throws -> Graph { student }
  /// No layers.
  public func frozenLayers(of student: Graph) -> [LayerPattern] { [] }
}

extension Distiller {
  /// Throws if it learns from a teacher's scores and the task has no scores of whole images.
  public func requireHeads(_ task: any ImageTask, of student: Graph) throws {
    guard teacherParts.contains(.logits) else { return }
    _ = try task.heads(of: student, network: "training").named(Head.scores, network: "training")
  }
}

/// A part of a teacher that a student may learn from.
public enum TeacherPart: Sendable, Hashable {
  /// The logits, which may be stored.
  case logits
  /// Values within the teacher, which has to run alongside.
  case values
}

/// All objectives that a recipe may name.
public enum DistillerCatalogue: Catalogue {
  /// The objectives, in the order of the documentation.
  public static let all: [any Distiller.Type] = [
    Supervised.self, SoftTargets.self, Decoupled.self, MultiLevel.self, PearsonRelations.self,
    LogitSquares.self,
    AttentionTransfer.self, Hints.self, SimilarityPreserving.self, CorrelationCongruence.self, Relations.self,
    ProbabilisticTransfer.self, SolutionFlow.self, NeuronSelectivityTransfer.self, ActivationBoundaries.self,
    VariationalInformation.self, KnowledgeReview.self, Contrastive.self, ReusedClassifier.self,
    MutualLearning.self,
    GateCost.self, AnchorTargets.self,
  ]
  /// The same types as named kinds.
  public static var kinds: [any NamedKind.Type] { all }

  /// The objective as a distiller; `nil` if the kind is none.
  public static func cast(_ kind: any NamedKind) -> (any Distiller)? { kind as? any Distiller }

  /// Reads a name (`soft-targets`), or a name with settings (`{soft-targets: {temperature: 4}}`).
  public static func read(_ node: SettingsNode) throws(SettingsError) -> any Distiller {
    try read(node, key: "objective", present: Supervised())
  }

  /// The parts of a teacher that the objective of a stage learns from; none without an objective.
  public static func teacherParts(of objective: SettingsNode?) -> Set<TeacherPart> {
    objective.flatMap { try? read($0) }?.teacherParts ?? []
  }
}
