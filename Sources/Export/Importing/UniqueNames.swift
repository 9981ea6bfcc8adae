/// Names of which each is given once.
struct UniqueNames {
  private var taken: Set<String>
  private var nextNumbers: [String: Int] = [:]

  /// Begins with names that are taken already.
  init(taken: Set<String> = []) { self.taken = taken }

  /// A name, with a number if it is taken.
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
