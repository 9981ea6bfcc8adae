public import Settings

/// The purpose of a trial; specifications, results, ledger and rankings use the same words.
public enum TrialRole: String, Codable, Sendable, SettingChoice {
  case teacher, student, control
  /// A trial that stores the teacher's logits, for students to learn from.
  case logits
  /// A candidate of a search: judged on validation images, and no row unless it is chosen.
  case candidate

  /// True if the trial leaves a result, which is a row of the ranking.
  public var isRow: Bool {
    switch self {
    case .teacher, .student, .control: true
    case .logits, .candidate: false
    }
  }
}
