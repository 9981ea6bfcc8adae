public import Datasets
public import Graphs
public import Settings

/// Learning where a teacher looks: the maps of how strongly each place of a value responds, made equal.
///
/// **Formula** `loss = base + weight·Σ_pairs mean_p (Q_S[p] - Q_T[p])²` an image, with `Q = m / ‖m‖₂` and
/// `m[p] = mean_c A[c, p]²`, A being a value `[C, H, W]` and p one of its H·W places. `base` is the plain loss or
/// soft targets.
///
/// **Gradient** with `g = 2·weight/(H·W)·(Q_S - Q_T)`: by m `(g - Q_S·⟨g, Q_S⟩)/‖m‖₂`, by A[c, p] that times
/// `2·A[c, p]/C`; nothing where m is zero.
///
/// **Paper** Zagoruyko, Komodakis, "Paying more attention to attention", ICLR 2017, arXiv:1612.03928; the mean over
/// places and the weight of 1000 are those of the authors' implementation.
public struct AttentionTransfer: Distiller {
  public static let name = "attention"
  public static let summary = "match the teacher's attention maps, on top of labels or soft targets"

  /// The factor on the maps' squared difference.
  public var weight: Float = 1000
  /// What it is added to: `supervised` or `soft-targets`.
  public var base: any Distiller = Supervised()
  /// The teacher's value for each student's value; `nil` pairs the last values of every resolution that both have.
  public var names: [Names]?

  /// The names of two values that are compared.
  public struct Names: Sendable, Equatable {
    /// The student's.
    public let student: String
    /// The teacher's.
    public let teacher: String

    /// Makes a pair of names.
    public init(student: String, teacher: String) {
      self.student = student
      self.teacher = teacher
    }
  }

  public init() {}

  /// Makes an objective.
  public init(weight: Float, base: any Distiller = Supervised(), names: [Names]? = nil) {
    self.weight = weight
    self.base = base
    self.names = names
  }

  public static var settings: [Setting<AttentionTransfer>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor on the maps' squared difference"),
      Setting(
        "base", expected: "one of \(bases.map { $0.name }.joined(separator: ", ")), or settings",
        "what it is added to",
        read: { (objective, node) throws(SettingsError) in
          let read = try NamedChoice.read(node, key: "base", present: objective.base, among: bases)
          objective.base = read as? any Distiller ?? objective.base
        }, write: { NamedChoice.node($0.base) }),
      Setting(
        "pairs", expected: "a mapping of student values to teacher values, or null",
        "what is compared; null pairs the last values of every resolution that both have",
        read: { (objective, node) throws(SettingsError) in objective.names = try readNames(node) },
        write: { writeNames($0.names) }),
    ]
  }

  private static let bases: [any Distiller.Type] = [Supervised.self, SoftTargets.self]

  private static func readNames(_ node: SettingsNode) throws(SettingsError) -> [Names]? {
    if node.content == .null { return nil }
    var names: [Names] = []
    for entry in try node.mapping("pairs") {
      names.append(Names(student: entry.key, teacher: try entry.value.string(entry.key)))
    }
    guard !names.isEmpty else {
      throw .outOfRange(node.mark, key: "pairs", expected: "at least one pair, or null", found: "none")
    }
    return names
  }

  private static func writeNames(_ names: [Names]?) -> SettingsNode {
    guard let names else { return SettingsNode(.null) }
    let mark = SettingsMark(source: "built-in")
    return SettingsNode(
      .mapping(names.map { SettingsNode.Entry(key: $0.student, mark: mark, value: $0.teacher.node) }))
  }

  public var need: TeacherNeed { .values }

  public func pairs(student: Graph, teacher: Graph) throws(TrainingError) -> [ValuePair] {
    do throws(DistillationError) {
      guard let names else { return try ResolutionStages.pairs(student: student, teacher: teacher) }
      return try names.map { (names) throws(DistillationError) in
        try ResolutionStages.pair(names.student, of: student, names.teacher, of: teacher)
      }
    } catch {
      throw .distillation(error)
    }
  }

  public func evaluateLogits(
    _ logits: Span<Float>, teacher: Span<Float>, of batch: Batch, range: Range<Int>,
    _ loss: SoftmaxCrossEntropy, gradient: inout MutableSpan<Float>
  ) -> SoftmaxCrossEntropy.Score {
    base.evaluateLogits(logits, teacher: teacher, of: batch, range: range, loss, gradient: &gradient)
  }

  public func scratchCount(_ pair: ValuePair) -> Int { 2 * AttentionMap.area(of: pair.studentShape) }

  public func evaluateValue(
    _ student: Span<Float>, teacher: Span<Float>, _ pair: ValuePair, images: Int,
    scratch: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
  ) -> Double {
    let own = AttentionMap(pair.studentShape)
    let other = AttentionMap(pair.teacherShape)
    let factor = weight / Float(own.area)
    var loss = 0.0
    for image in 0..<images {
      let norm = own.write(student, image: image, into: &scratch, at: 0)
      _ = other.write(teacher, image: image, into: &scratch, at: own.area)
      loss += own.compare(&scratch, norm: norm, scale: 2 * factor / Float(images))
      own.writeGradient(scratch, student, image: image, into: &gradient)
    }
    return Double(factor) * loss
  }
}
