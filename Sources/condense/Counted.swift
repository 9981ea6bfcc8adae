extension Int {
  /// The number with a noun, which takes an s unless the number is 1: `1 epoch`, `2 epochs`.
  func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
