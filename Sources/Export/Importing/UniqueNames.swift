/// Makes names unique.
struct UniqueNames {
  private var taken: Set<String>
  private var nextNumbers: [String: Int] = [:]

  /// Starts with names that are taken already.
  init(taken: Set<String> = []) { self.taken = taken }

  /// The name itself, or with a number appended if it is taken.
  mutating func fresh(_ base: String) -> String {
    var candidate = base
    while !taken.insert(candidate).inserted {
      let number = nextNumbers[base, default: 2]
      nextNumbers[base] = number + 1
      candidate = "\(base)_\(number)"
    }
    return candidate
  }
}
