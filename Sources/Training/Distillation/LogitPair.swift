import Ops
import Settings
import Tasks

extension ObjectiveBuilder {
  /// The student's scores and the teacher's, each row less its mean and in units of its standard deviation where asked for.
  mutating func logits(standardized: Bool) throws(TaskError) -> [String] {
    let pair = [try head(Head.scores), try teacherLogits()]
    guard standardized else { return pair }
    return zip(["student", "teacher"], pair).map { network, scores in
      append(StandardScore(), name: "standardized/" + network, inputs: [scores])
    }
  }
}

/// What objectives on logits have in common.
protocol LogitDistiller: Distiller {
  /// The factor on what the task minimizes by itself.
  var labels: Float { get set }
  /// Whether scores are standardized first.
  var standardize: Bool { get set }
}

extension LogitDistiller {
  /// The setting of the labels' factor.
  static var labelsSetting: Setting<Self> {
    Setting("labels", \.labels, in: 0...1000, "factor on what the task minimizes by itself")
  }

  /// The setting of standardization.
  static var standardizeSetting: Setting<Self> {
    Setting(
      "standardize", \.standardize,
      "whether both networks' scores are taken less their mean, in units of their standard deviation")
  }
}
