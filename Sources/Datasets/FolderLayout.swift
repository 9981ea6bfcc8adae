/// The splits and classes that the paths of a data set give.
///
/// Known forms are `train/cat/1.png`, `cat/1.png` and `cat/train/1.png`, each also below one common folder.
///
/// The content decides if a folder is a split or a class, not its name alone. A split holds folders of
/// images, and there are at least two splits, or training images alone. `train` beside `bus` and `car` is a
/// class.
struct FolderLayout {
  /// The place of one file.
  struct Place: Equatable {
    /// The split; `nil` if the data gives none.
    var split: Split?
    /// The class.
    var name: Substring
    /// The path below the common folder, without the split's folder.
    var path: Substring
  }

  /// A folder that is a split, with the start of its paths that leads to the folders of classes.
  private struct SplitFolder {
    var split: Split
    var skipped: Substring
    var images: Int
  }

  /// True if the data itself has splits.
  private(set) var givesSplits = false
  /// Notes on the way in which the folders were understood, one sentence each.
  private(set) var messages: [String] = []
  /// The reason why the folders cannot be understood; `nil` if they can.
  private(set) var refusal: DatasetError.FolderProblem?
  private var prefix = 0
  private var splits: [Substring: SplitFolder] = [:]
  /// True if splits lie within classes: `cat/train/1.png`.
  private var isClassFirst = false

  /// Derives the layout from the paths of all images.
  init(_ paths: [String]) {
    var tree = FolderTree(paths)
    while let (name, below) = tree.only, !below.folders.isEmpty,
      SplitName(name)?.rest != [] || below.isSplitPair
    {
      prefix += name.utf8.count + 1
      tree = below
    }
    let withSplits = tree.foldersWithSplits
    if tree.folders.count > 1, !withSplits.isEmpty, tree.splitNames.count < tree.folders.count {
      understand(tree, withSplits: withSplits)
    } else {
      understand(tree)
    }
  }

  /// Interprets folders that hold splits: they are classes, if all hold splits and they are not separate data
  /// sets.
  private mutating func understand(_ tree: FolderTree, withSplits: Set<Substring>) {
    let others = Set(tree.folders.keys).subtracting(withSplits)
    let names = withSplits.map(String.init).sorted()
    if !others.isEmpty {
      refusal = .someSplit(names, others: others.map(String.init).sorted())
    } else if tree.isSeveralSets {
      refusal = .severalSets(names)
    } else {
      isClassFirst = true
      givesSplits = true
      messages.append("each class has folders for its splits: CLASS/train, CLASS/test")
    }
  }

  private mutating func understand(_ tree: FolderTree) {
    let named = tree.splitNames
    guard !named.isEmpty else { return compareClasses(tree) }
    let labelled = named.filter { tree.folders[$0.key]?.folders.isEmpty == false }
    let others = tree.folders.keys.filter { named[$0] == nil }.sorted()
    let kinds = Set(named.values)
    guard !labelled.isEmpty else {
      // Images lie directly in the folders: these are classes, unless there are only folders of splits.
      if others.isEmpty || kinds.count > 1 {
        refusal = flatSplits(named, tree)
      }
      return
    }
    if kinds.count == 1, kinds.contains(.train) {
      let used = others.filter { !SplitName.isUnlabelled($0) || tree.folders[$0]?.folders.isEmpty == false }
      if !used.isEmpty {
        let inside = labelled.keys.reduce(into: Set<Substring>()) {
          $0.formUnion(tree.folders[$1]?.folders.keys.map { $0 } ?? [])
        }
        let shares = used.contains {
          !inside.isDisjoint(with: tree.folders[$0]?.folders.keys.map { $0 } ?? [])
        }
        if used.count > 1, !shares { return }  // folders of classes, one of which is called "train"
        refusal = .unclear(split: labelled.keys.sorted().map(String.init), others: used.map(String.init))
        return
      }
    } else if !kinds.contains(.train), !others.isEmpty {
      return compareClasses(tree)  // classes, one of which is called "test"
    }
    if kinds.contains(.train), !labelled.keys.contains(where: { named[$0] == .train }) {
      refusal = flatSplits(named, tree)
      return
    }
    take(labelled, tree)
    let unused = tree.folders.filter { splits[$0.key] == nil }.map { "\($0.key)/ (\($0.value.total))" }
      .sorted()
    if !unused.isEmpty {
      messages.append(
        "images of folders that are no split, or hold no folders of classes, are not used: \(unused.joined(separator: ", "))"
      )
    }
  }

  /// Refuses folders with the same subfolders of which one is named like a split.
  ///
  /// Other folders with the same subfolders are classes, with a message.
  private mutating func compareClasses(_ tree: FolderTree) {
    let names = tree.folders.keys.sorted()
    guard let first = tree.folders.values.first, names.count > 1, first.folders.count > 1,
      tree.folders.values.allSatisfy({ $0.images == 0 && $0.folders.keys == first.folders.keys })
    else { return }
    let splits = names.filter { SplitName($0) != nil }
    if !splits.isEmpty {
      refusal = .unclear(
        split: splits.map(String.init), others: names.filter { !splits.contains($0) }.map(String.init))
    } else {
      messages.append(
        "classes are the upper folders (\(DatasetError.folders(names.map(String.init)))); all hold the same folders "
          + "(\(DatasetError.folders(first.folders.keys.map(String.init).sorted()))): if these are the classes, "
          + "call the upper ones train, val and test")
    }
  }

  private func flatSplits(_ named: [Substring: Split], _ tree: FolderTree) -> DatasetError.FolderProblem {
    let names = named.keys.sorted()
    return .flatSplits(names.map(String.init), images: names.map { tree.folders[$0]?.total ?? 0 })
  }

  /// Takes folders as splits, skipping down to the folders of classes in each.
  private mutating func take(_ named: [Substring: Split], _ tree: FolderTree) {
    for (name, split) in named {
      guard var node = tree.folders[name] else { continue }
      var skipped = name + "/"
      while let (inner, below) = node.only, !below.folders.isEmpty {
        skipped += inner + "/"
        node = below
      }
      // Test images in a single folder such as test/unknown/ have no labels.
      if split != .train, let (inner, below) = node.only, below.folders.isEmpty,
        SplitName.isUnlabelled(inner)
          || ["images", "imgs", "img"].contains(inner.lowercased())
      {
        continue
      }
      splits[name] = SplitFolder(split: split, skipped: skipped, images: node.total)
    }
    givesSplits = Set(splits.values.map(\.split)) != [.train]
    let list = splits.sorted { ($0.value.split.order, $0.key) < ($1.value.split.order, $1.key) }.map {
      "\($0.value.skipped) is \($0.value.split.rawValue) (\($0.value.images == 1 ? "1 image" : "\($0.value.images) images"))"
    }
    messages.append("folders: " + list.joined(separator: ", "))
  }

  /// Returns the place of a file; `nil` if it lies outside every class folder.
  func place(of path: String) -> Place? {
    guard path.utf8.count > prefix else { return nil }
    let relative = path[...].dropUTF8(prefix)
    guard let first = relative.firstFolder else { return nil }
    if isClassFirst {
      let rest = relative.dropUTF8(first.utf8.count + 1)
      guard let second = rest.firstFolder, let split = SplitName(second)?.split else { return nil }
      return Place(split: split, name: first, path: first + rest.dropUTF8(second.utf8.count))
    }
    guard !splits.isEmpty else { return Place(split: nil, name: first, path: relative) }
    guard let folder = splits[first], relative.utf8.starts(with: folder.skipped.utf8) else { return nil }
    let rest = relative.dropUTF8(folder.skipped.utf8.count)
    guard let name = rest.firstFolder else { return nil }
    return Place(split: givesSplits ? folder.split : nil, name: name, path: rest)
  }

  /// Returns the class that an empty folder stands for; `nil` if it does not lie where the classes are.
  func className(ofFolder path: String) -> Substring? {
    guard let place = place(of: path + "/-"), place.path.utf8.count == place.name.utf8.count + 2 else {
      return nil
    }
    return place.name
  }
}

extension FolderTree {
  /// The folders whose names stand for splits.
  ///
  /// A name with further words, such as `seg_train`, counts if another split has the same words (`seg_test`).
  fileprivate var splitNames: [Substring: Split] {
    let names = folders.keys.reduce(into: [Substring: SplitName]()) { $0[$1] = SplitName($1) }
    let training = Set(names.values.filter { $0.split == .train }.map(\.rest))
    let others = Set(names.values.filter { $0.split != .train }.map(\.rest))
    return names.filter {
      $0.value.rest.isEmpty || training.contains($0.value.rest) && others.contains($0.value.rest)
    }
    .mapValues(\.split)
  }

  /// True if the folders below are training and other splits, so that the folder itself only holds them.
  fileprivate var isSplitPair: Bool {
    let names = splitNames
    return names.count > 1 && names.count == folders.count && Set(names.values).count > 1
      && names.contains { $0.value == .train && folders[$0.key]?.folders.isEmpty == false }
  }

  /// The folders that hold only splits, one of them for training.
  fileprivate var foldersWithSplits: Set<Substring> {
    Set(
      folders.filter { _, tree in
        let names = tree.folders.keys.map { SplitName($0) }
        return tree.images == 0 && names.count > 1 && names.allSatisfy { $0?.rest == [] }
          && names.contains { $0?.split == .train }
      }.keys)
  }

  /// True if the splits of all folders hold the same subfolders.
  ///
  /// These are then the classes, and the folders are data sets: folds, parts or versions.
  fileprivate var isSeveralSets: Bool {
    let classes = folders.values.map { tree in
      Set(tree.folders.values.flatMap { $0.folders.keys })
    }
    guard let first = classes.first, first.count > 1 else { return false }
    return classes.allSatisfy { $0 == first }
  }
}

extension Substring {
  /// Returns the text behind the first `count` bytes.
  fileprivate func dropUTF8(_ count: Int) -> Substring {
    count == 0 ? self : self[utf8.index(startIndex, offsetBy: count)...]
  }

  /// The folder that a path begins with; `nil` for a file outside any folder.
  fileprivate var firstFolder: Substring? {
    utf8.firstIndex(of: UInt8(ascii: "/")).map { self[..<$0] }
  }
}
