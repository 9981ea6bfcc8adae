/// The split that a folder's name stands for: `train`, `Training`, `seg_train`, `test1`, `val2017`,
/// `hold-out`.
struct SplitName: Equatable {
  /// The split that the name stands for.
  let split: Split
  /// The words of the name besides the split and fillers such as "set" and "images": `seg` for `seg_train`.
  ///
  /// It is empty for a name that can only mean a split.
  let rest: [String]

  /// Reads a name; `nil` if it holds no word for a split, or words for two.
  init?(_ name: Substring) {
    guard name.utf8.count <= 255 else { return nil }
    var found: Set<Split> = []
    var rest: [String] = []
    let parts = Self.joined(
      name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(Self.withoutDigits).filter { !$0.isEmpty })
    for part in parts where !Self.fillers.contains(part) {
      if let split = Self.words[part] ?? Self.words[Self.bare(part)] {
        found.insert(split)
      } else {
        rest.append(part)
      }
    }
    guard found.count == 1, let split = found.first else { return nil }
    self.split = split
    self.rest = rest
  }

  /// Returns true for the usual names of folders whose images have no labels.
  static func isUnlabelled(_ name: Substring) -> Bool {
    let word = name.lowercased().filter { $0.isLetter }
    return ["pred", "predict", "prediction", "predictions", "segpred", "unlabeled", "unlabelled", "unknown"]
      .contains(word)
      || SplitName(name)?.split == .test
  }

  private static let words: [String: Split] = [
    "train": .train, "training": .train, "trn": .train, "trainval": .train, "trainvalid": .train,
    "val": .validation, "valid": .validation, "validate": .validation, "validation": .validation,
    "dev": .validation, "devel": .validation, "development": .validation,
    "test": .test, "testing": .test, "tst": .test, "eval": .test, "evaluate": .test, "evaluation": .test,
    "holdout": .test, "heldout": .test,
  ]
  private static let fillers: Set<String> = [
    "set", "sets", "data", "dataset", "split", "folder", "dir", "images", "image", "imgs", "img", "photos",
    "pictures",
    "pics", "samples",
  ]

  private static func withoutDigits(_ part: Substring) -> String {
    var part = part
    while let last = part.last, last.isNumber { part.removeLast() }
    return String(part)
  }

  /// Joins `hold` and `out` to one word.
  private static func joined(_ parts: [String]) -> [String] {
    var result: [String] = []
    for part in parts {
      if part == "out", let last = result.last, last == "hold" || last == "held" {
        result[result.count - 1] = last + part
      } else {
        result.append(part)
      }
    }
    return result
  }

  /// Returns a word without a filler such as "set" or "images" at its end or start: `trainset`, `imagestest`.
  private static func bare(_ part: String) -> String {
    for filler in fillers.sorted(by: { $0.count > $1.count }) {
      if part.hasSuffix(filler), words[String(part.dropLast(filler.count))] != nil {
        return String(part.dropLast(filler.count))
      }
      if part.hasPrefix(filler), words[String(part.dropFirst(filler.count))] != nil {
        return String(part.dropFirst(filler.count))
      }
    }
    return part
  }
}
