import Ops
import Settings
import Tasks

extension ObjectiveBuilder {
  /// The scores of student and teacher, standardized if asked for.
  ///
  /// A standardized row has the mean 0 and the standard deviation 1.
  mutating func logits(standardized: Bool) throws(TaskError) -> [String] {
    let pair = [try head(Head.scores), try teacherLogits()]
    guard standardized else { return pair }
    return zip(["student", "teacher"], pair).map { network, scores in
      append(StandardScore(), name: "standardized/" + network, inputs: [scores])
    }
  }
}

/// An objective on logits with a factor for the labels.
protocol LogitDistiller: Distiller {
  /// The factor of the task's loss.
  var labels: Float { get set }
  /// True if scores are standardized first.
  var standardize: Bool { get set }
}

extension LogitDistiller {
  /// The setting `labels`: the factor of the task's loss.
  static var labelsSetting: Setting<Self> {
    Setting(
      "labels", \.labels, in: 0...1000, "factor of the task's own loss, such as the cross-entropy with labels"
    )
  }

  /// The setting `standardize`.
  static var standardizeSetting: Setting<Self> {
    Setting(
      "standardize", \.standardize,
      "true standardizes each image's logits to a mean of 0 and a standard deviation of 1 first")
  }
}
