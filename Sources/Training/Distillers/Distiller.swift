public import Datasets
public import Graphs
public import Settings
public import Tensors

/// What a training minimizes: the loss of labels alone, or with what a teacher says added to it. Plain training is
/// `supervised`. One file in `Distillers/` and one line in `DistillerCatalogue`.
///
/// A loss has a part over logits and, for distillers that need a teacher's values, a part over each pair of values.
/// Losses are sums over images; gradients are those of the mean over the images that are given.
public protocol Distiller: NamedKind {
  /// What it must know of the teacher.
  var need: TeacherNeed { get }

  /// The values that are compared, for a student and a teacher that runs beside it; empty where logits are enough.
  func pairs(student: Graph, teacher: Graph) throws(TrainingError) -> [ValuePair]

  /// The loss over logits `[range.count, C]` of the images at `range` of a batch; writes its whole gradient.
  ///
  /// `teacher` holds the teacher's logits for the same images, each row less its largest; it is empty where the
  /// distiller needs none. `loss` is the plain loss with the training's label smoothing.
  func evaluateLogits(
    _ logits: Span<Float>, teacher: Span<Float>, of batch: Batch, range: Range<Int>,
    _ loss: SoftmaxCrossEntropy, gradient: inout MutableSpan<Float>
  ) -> SoftmaxCrossEntropy.Score

  /// Floats that `evaluateValue` needs to work in.
  func scratchCount(_ pair: ValuePair) -> Int

  /// The loss over one pair of values, `[images, C, H, W]` each; writes the gradient by the student's.
  func evaluateValue(
    _ student: Span<Float>, teacher: Span<Float>, _ pair: ValuePair, images: Int,
    scratch: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
  ) -> Double
}

extension Distiller {
  public func pairs(student: Graph, teacher: Graph) throws(TrainingError) -> [ValuePair] { [] }
  public func scratchCount(_ pair: ValuePair) -> Int { 0 }
  public func evaluateValue(
    _ student: Span<Float>, teacher: Span<Float>, _ pair: ValuePair, images: Int,
    scratch: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
  ) -> Double { 0 }
}

/// What a distiller must know of the teacher; each includes the ones before.
public enum TeacherNeed: Int, Sendable, Comparable {
  /// Nothing: there need not be one.
  case nothing
  /// Its logits, which may have been stored.
  case logits
  /// Values within it: it has to run alongside.
  case values

  public static func < (a: TeacherNeed, b: TeacherNeed) -> Bool { a.rawValue < b.rawValue }
}

/// A value of the student and the value of the teacher that it is compared with.
public struct ValuePair: Sendable, Equatable {
  /// The student's value.
  public let student: String
  /// The teacher's value.
  public let teacher: String
  /// The shape of the student's value for one image, the batch axis left out.
  public let studentShape: Shape
  /// The shape of the teacher's value for one image, the batch axis left out.
  public let teacherShape: Shape

  /// Makes a pair.
  public init(student: String, teacher: String, studentShape: Shape, teacherShape: Shape) {
    self.student = student
    self.teacher = teacher
    self.studentShape = studentShape
    self.teacherShape = teacherShape
  }
}

/// Every objective that a recipe may name.
public enum DistillerCatalogue {
  /// The types, in the order in which they are documented.
  public static let all: [any Distiller.Type] = [Supervised.self, SoftTargets.self, AttentionTransfer.self]

  /// Every name.
  public static var names: [String] { all.map { $0.name } }

  /// Reads a name (`soft-targets`), or a name with settings (`{soft-targets: {temperature: 4}}`).
  public static func read(
    _ node: SettingsNode, key: String = "objective"
  ) throws(SettingsError) -> any Distiller {
    try NamedChoice.read(node, key: key, present: Supervised(), among: all) as? any Distiller ?? Supervised()
  }

  /// The objective with all its settings, as `read` reads it.
  public static func write(_ distiller: any Distiller) -> SettingsNode { NamedChoice.node(distiller) }
}
