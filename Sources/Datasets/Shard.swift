import Foundation

/// One of the tars over which a data set is spread.
///
/// Shards are given by a folder that holds them, or by a path with braces: `photos-{000..127}.tar`, or
/// `{train,val}-{0..3}.tar`.
struct Shard: Sendable, Equatable {
  /// The path of the tar.
  let path: String
  /// The folder below which the shard's images stand in the set: a split with a slash, or nothing.
  let prefix: String

  /// The most shards that a set may have.
  static let maximumCount = 100_000

  /// The endings of tars and of compressed ones, which are refused with a reason.
  private static let endings = [".tar", ".tar.gz", ".tgz"]

  /// Returns true if a name is that of a tar.
  static func isNamedLikeTar(_ name: String) -> Bool {
    endings.contains { name.lowercased().hasSuffix($0) }
  }

  /// Returns the shards with some paths, sorted by them.
  ///
  /// Their split is that which their names, or else the folders that hold them, stand for, if all do and one is
  /// for training.
  static func named(_ paths: [String]) -> [Shard] {
    let sorted = paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for part in [1, 2] {
      let splits = sorted.map { path in
        path.split(separator: "/").dropLast(part - 1).last.flatMap { name in
          SplitName(part == 1 ? withoutEnding(name) : name)?.split
        }
      }
      guard splits.allSatisfy({ $0 != nil }), splits.contains(.train) else { continue }
      return zip(sorted, splits).map { Shard(path: $0, prefix: $1.map { "\(folderName($0))/" } ?? "") }
    }
    return sorted.map { Shard(path: $0, prefix: "") }
  }

  private static func folderName(_ split: Split) -> String {
    switch split {
    case .train: "train"
    case .validation: "val"
    case .test: "test"
    }
  }

  private static func withoutEnding(_ name: Substring) -> Substring {
    for ending in endings where name.lowercased().hasSuffix(ending) { return name.dropLast(ending.count) }
    return name
  }

  /// Returns the shards in a folder with some entries; none if it is another kind of data set.
  ///
  /// The tars lie beside each other, or in folders of splits. No images and no other folders are beside them.
  static func within(_ folder: String, _ names: [String]) -> [Shard] {
    let files = FileManager.default
    func isFolder(_ name: String) -> Bool { files.fileExists(atPath: "\(folder)/\(name)/.") }
    let tars = names.filter { isNamedLikeTar($0) }
    if !tars.isEmpty {
      let others = names.filter { !isNamedLikeTar($0) }
      guard !others.contains(where: { ScannedFile(path: $0).isNamedLikeAnImage || isFolder($0) }) else {
        return []
      }
      return named(tars.map { "\(folder)/\($0)" })
    }
    var found: [String] = []
    for name in names where isFolder(name) {
      guard SplitName(name[...]) != nil,
        let below = try? files.contentsOfDirectory(atPath: "\(folder)/\(name)").filter({
          !IgnoredName.matches(path: $0)
        }), below.allSatisfy({ isNamedLikeTar($0) })
      else { return [] }
      found += below.map { "\(folder)/\(name)/\($0)" }
    }
    return named(found)
  }

  /// Returns true if the first members of a tar are samples of images beside files with their classes.
  static func holdsSamples(_ names: [String]) -> Bool {
    names.contains { $0.hasSuffix(".cls") } && names.contains { ScannedFile(path: $0).isNamedLikeAnImage }
  }

  /// Returns the shards that a path with braces stands for; none if it has no braces or no shard is there.
  ///
  /// **Throws** if only some of them are there, or if there are too many.
  static func matching(_ pattern: String) throws(DatasetError) -> [Shard] {
    guard pattern.contains("{"), pattern.contains("}") else { return [] }
    guard let paths = expanded(pattern) else {
      throw .malformed(
        path: pattern,
        expected: "ranges and lists in braces, such as shard-{000..127}.tar or {train,val}.tar",
        found: "others, or more than \(maximumCount) names")
    }
    let missing = paths.filter { !FileManager.default.fileExists(atPath: $0) }
    guard missing.count < paths.count else { return [] }
    guard missing.isEmpty else {
      throw .malformed(
        path: pattern, expected: "\(paths.count) shards",
        found: "\(paths.count - missing.count) of them; "
          + "\(missing[0]) is not there: fetch it, or name those that are")
    }
    return named(paths)
  }

  /// Returns the texts that the braces of a text stand for; `nil` for braces without meaning and for too many.
  static func expanded(_ pattern: String) -> [String]? {
    guard let open = pattern.firstIndex(of: "{") else { return pattern.contains("}") ? nil : [pattern] }
    guard let close = pattern[open...].firstIndex(of: "}"),
      let choices = choices(pattern[pattern.index(after: open)..<close]),
      let rests = expanded(String(pattern[pattern.index(after: close)...])),
      choices.count <= maximumCount / max(rests.count, 1)
    else { return nil }
    return choices.flatMap { choice in rests.map { pattern[..<open] + choice + $0 } }
  }

  /// The texts that the inside of braces stands for: a list with commas, or a range of numbers.
  private static func choices(_ text: Substring) -> [String]? {
    guard !text.contains("{") else { return nil }
    let list = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    if list.count > 1 { return list.contains("") ? nil : list }
    guard let dots = text.firstRange(of: "..") else { return nil }
    let (first, last) = (text[..<dots.lowerBound], text[dots.upperBound...])
    guard let low = number(first), let high = number(last), low <= high, high - low < maximumCount else {
      return nil
    }
    let isPadded = first.count == last.count || first.hasPrefix("0") && first.count > 1
    return (low...high).map { value in
      let digits = String(value)
      return isPadded ? String(repeating: "0", count: max(0, first.count - digits.count)) + digits : digits
    }
  }

  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (48...57).contains($0) } && text.count <= 12 ? Int(text) : nil
  }
}
