/// Finds the word that a misspelled one was probably meant to be.
public enum Spelling {
  /// The length of the longest word that is compared, as the cost grows with its square.
  ///
  /// Longer words come from damaged files.
  static let maximumLength = 100

  /// The candidate with the smallest edit distance; `nil` if none is close enough to be a likely slip.
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    guard word.utf8.count <= maximumLength else { return nil }
    let limit = max(2, word.count / 3)
    return
      candidates
      .filter { $0.utf8.count <= maximumLength }
      .map { (candidate: $0, distance: distance(word.lowercased(), $0.lowercased())) }
      .filter { $0.distance <= limit && $0.distance < $0.candidate.count }
      .min { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }?
      .candidate
  }

  /// The Damerau-Levenshtein distance (insertions, deletions, replacements, swaps of neighbours); O(a·b)
  /// time.
  static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a)
    let b = Array(b)
    var rows = Array(repeating: Array(repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { rows[i][0] = i }
    for j in 0...b.count { rows[0][j] = j }
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    for i in 1...a.count {
      for j in 1...b.count {
        let replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
        }
      }
    }
    return rows[a.count][b.count]
  }
}
