import Foundation
public import Graphs
public import Settings
public import Tensors

/// The divergence of a student's softened probabilities from a teacher's, split into two terms.
///
/// One compares the probability of the image's class, the other the distribution among the other classes.
///
/// **Formula**: `loss[n] = T² · Σ_k l[n,k] · (target·B_k + others·O_k)` over the classes k that the labels l
/// name, with `B_k = p_k·log(p_k/q_k) + (1 - p_k)·log((1 - p_k)/(1 - q_k))`,
/// `O_k = Σ_{c≠k} p̂_c·log(p̂_c/q̂_c)`, `p = softmax(y/T)` and `q = softmax(x/T)`; p̂ and q̂ are the same
/// over all classes but k.
///
/// **Shapes**: the student's scores `x [N, C]`; the teacher's scores y followed by the labels l, `[N, 2·C]`;
/// loss `[N]`. C is 2 or more.
///
/// **Gradient**, for one class k: `dx_k = T·target·(q_k - p_k)`,
/// `dx_c = T·(target·(p_k - q_k)·q̂_c + others·(q̂_c - p̂_c))`; with
/// `r = log(p_k/q_k) - log((1 - p_k)/(1 - q_k))`: `dy_k = T·target·r·p_k·(1 - p_k)`,
/// `dy_c = T·p̂_c·(others·(log(p̂_c/q̂_c) - O_k) - target·r·p_k·(1 - p_k))`;
/// `dl_k = T²·(target·B_k + others·O_k)`.
///
/// **Settings**: target, others, temperature.
///
/// **Throws**: `ShapeError` for other shapes.
///
/// **Paper**: Zhao, Cui, Song, Qiu, Liang, "Decoupled knowledge distillation", CVPR 2022, arXiv:2203.08679.
public struct DecoupledDivergence: Loss {
  /// The name of the kind, which no file holds: `decoupled-divergence`.
  public static let kind = "decoupled-divergence"

  /// The factor of the term of the image's class.
  public var target: Float = 1
  /// The factor of the term of the other classes.
  public var others: Float = 8
  /// The divisor of scores before the softmax.
  public var temperature: Float = 4

  /// The paper's factors.
  public init() {}

  /// Makes a loss.
  public init(target: Float, others: Float, temperature: Float) {
    (self.target, self.others, self.temperature) = (target, others, temperature)
  }

  /// Settings: `target`, `others`, `temperature`.
  public static var settings: [Setting<DecoupledDivergence>] {
    [
      Setting(
        "target", \.target, in: 0...1000, "factor of the divergence of the image's class against all others"),
      Setting("others", \.others, in: 0...1000, "factor of the divergence among the other classes"),
      Setting("temperature", \.temperature, in: 0.1...100, "what scores are divided by"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<DecoupledDivergence>] {
    [
      OpExample(DecoupledDivergence(target: 1.5, others: 2, temperature: 3), [3, 4], [3, 8]),
      OpExample(DecoupledDivergence(target: 0, others: 8, temperature: 2), [2, 3], [2, 6]),
    ]
  }

  /// Refuses a temperature outside 0.1...100 and factors outside 0...1000.
  public func validate() throws(ShapeError) {
    guard temperature >= 0.1, temperature <= 100 else {
      throw .invalidSetting(op: kind, reason: "temperature \(temperature) is outside 0.1...100")
    }
    for factor in [target, others] where !(factor >= 0 && factor <= 1000) {
      throw .invalidSetting(op: kind, reason: "factor \(factor) is outside 0...1000")
    }
  }

  /// The shape `[N]`; throws for values that are not `[N, C]` and `[N, 2·C]` with C of 2 or more.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 2)
    for input in inputs where input.rank != 2 {
      throw .wrongRank(op: kind, expected: "[N, C]", found: input)
    }
    guard inputs[0][0] == inputs[1][0], inputs[1][1] == 2 * inputs[0][1], inputs[0][1] > 1 else {
      throw .mismatch(
        op: kind, what: "they are not scores of two classes or more, and scores with labels",
        first: inputs[0],
        second: inputs[1])
    }
    return [inputs[0][0]]
  }

  /// Sums the losses of the classes that the labels name, weighted by the labels.
  public func loss(
    of student: Span<Float>, _ teacher: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    let count = student.count
    var sum = 0.0
    for k in 0..<count where !(teacher[count + k] == 0) {
      sum += Double(teacher[count + k]) * parts(student, teacher, k).loss(self)
    }
    return Float(Double(temperature * temperature) * sum)
  }

  /// Adds up the gradients for every class with a label; for the target's gradient, for all classes.
  public func writeGradients(
    of student: Span<Float>, _ teacher: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let count = student.count
    let (own, other) = (item.predictionRange.lowerBound, item.targetRange.lowerBound)
    for i in 0..<count { byPrediction[own + i] = 0 }
    if !byTarget.isEmpty { for i in 0..<2 * count { byTarget[other + i] = 0 } }
    for k in 0..<count where !(teacher[count + k] == 0) || !byTarget.isEmpty {
      let parts = parts(student, teacher, k)
      let factor = Double(scale * temperature) * Double(teacher[count + k])
      for c in 0..<count {
        byPrediction[own + c] += Float(factor * slope(student, teacher, parts, c, k).byStudent)
      }
      guard !byTarget.isEmpty else { continue }
      for c in 0..<count {
        byTarget[other + c] += Float(factor * slope(student, teacher, parts, c, k).byTeacher)
      }
      byTarget[other + count + k] = scale * temperature * temperature * Float(parts.loss(self))
    }
  }

  /// The terms of both rows of scores for one class k, all as logarithms.
  private struct Parts {
    /// The normalizers of the softmaxes over all classes, and over all but k.
    var (student, studentOthers, teacher, teacherOthers) = (0.0, 0.0, 0.0, 0.0)
    /// The probabilities of class k, and of all other classes together.
    var (q, notQ, p, notP) = (0.0, 0.0, 0.0, 0.0)
    /// The divergence of the distributions among the other classes.
    var division = 0.0

    /// The difference of the two networks' log odds of class k.
    var ratio: Double { (p - q) - (notP - notQ) }

    func loss(_ weights: DecoupledDivergence) -> Double {
      let sureness = exp(p) * (p - q) + exp(notP) * (notP - notQ)
      return Double(weights.target) * sureness + Double(weights.others) * division
    }
  }

  private func parts(_ student: Span<Float>, _ teacher: Span<Float>, _ k: Int) -> Parts {
    let count = student.count
    var parts = Parts()
    parts.student = logarithm(student, count, but: nil)
    parts.studentOthers = logarithm(student, count, but: k)
    parts.teacher = logarithm(teacher, count, but: nil)
    parts.teacherOthers = logarithm(teacher, count, but: k)
    parts.q = softened(student[k]) - parts.student
    parts.p = softened(teacher[k]) - parts.teacher
    parts.notQ = parts.studentOthers - parts.student
    parts.notP = parts.teacherOthers - parts.teacher
    for c in 0..<count where c != k {
      let wanted = softened(teacher[c]) - parts.teacherOthers
      parts.division += exp(wanted) * (wanted - (softened(student[c]) - parts.studentOthers))
    }
    return parts
  }

  /// The derivatives by a class's scores, times T, of the loss for class k divided by T².
  private func slope(
    _ student: Span<Float>, _ teacher: Span<Float>, _ parts: Parts, _ c: Int, _ k: Int
  ) -> (byStudent: Double, byTeacher: Double) {
    let (sure, rest) = (Double(target), Double(others))
    let (p, q) = (exp(parts.p), exp(parts.q))
    let turn = sure * parts.ratio * p * exp(parts.notP)
    guard c != k else { return (sure * (q - p), turn) }
    let found = softened(student[c]) - parts.studentOthers
    let wanted = softened(teacher[c]) - parts.teacherOthers
    return (
      sure * (p - q) * exp(found) + rest * (exp(found) - exp(wanted)),
      exp(wanted) * (rest * (wanted - found - parts.division) - turn)
    )
  }

  private func softened(_ score: Float) -> Double { Double(score) / Double(temperature) }

  /// `log Σ_c exp(scores[c] / T)` over the first `count` classes without `left`.
  private func logarithm(_ scores: Span<Float>, _ count: Int, but left: Int?) -> Double {
    var highest = -Double.infinity
    for i in 0..<count where i != left { highest = max(highest, softened(scores[i])) }
    var sum = 0.0
    for i in 0..<count where i != left { sum += exp(softened(scores[i]) - highest) }
    return highest + log(sum)
  }
}
