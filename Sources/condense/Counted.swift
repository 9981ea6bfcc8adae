extension Int {
  /// The number before a noun that takes an s unless there is one: `1 epoch`, `2 epochs`.
  func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
