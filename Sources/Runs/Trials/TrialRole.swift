public import Settings

/// What a trial is for; the same word in specifications, results, ledger and rankings.
public enum TrialRole: String, Codable, Sendable, SettingChoice {
  case teacher, student, control
  /// It stores the teacher's logits, for students to learn from.
  case logits
  /// A candidate of a search: judged on validation images, and no row unless it is chosen.
  case candidate

  /// Whether it leaves a result, which is a row of the ranking.
  public var isRow: Bool {
    switch self {
    case .teacher, .student, .control: true
    case .logits, .candidate: false
    }
  }
}
