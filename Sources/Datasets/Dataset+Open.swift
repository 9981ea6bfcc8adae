import Foundation
import Settings

extension Dataset {
  /// Opens a data set by the name of a manifest, or the path of a manifest, a folder or an archive.
  ///
  /// Every file is read and decoded once, unless the cache holds the decoded set. Files that cannot be
  /// decoded throw `DatasetError.badFiles`, unless `skipBad` is on.
  public static func open(_ data: String, options: DatasetOptions = DatasetOptions()) throws(DatasetError)
    -> Dataset
  {
    let (path, manifest) = try resolve(data, options)
    let (scan, opener) = try scan(try DataLocation(path: path), options)
    var options = options
    options.valFolder = options.valFolder ?? manifest?.valFolder
    options.groups = manifest?.groups
    let dataset = try Dataset(
      scan, path: data, opener: opener, options: options, allowedAugmentations: manifest?.augmentations)
    if let error = manifest?.contradiction(isGiven: dataset.splitDescription.isGiven, path: data) {
      throw error
    }
    return dataset
  }

  /// Resolves a name or path to the folder or file that it stands for, with its manifest if it has one.
  ///
  /// An existing path comes first, a folder with its `dataset.yaml` if it holds one; then manifests by name.
  static func resolve(
    _ data: String, _ options: DatasetOptions
  ) throws(DatasetError) -> (path: String, manifest: DataManifest?) {
    let files = FileManager.default
    if files.fileExists(atPath: data + "/.") {
      let own = data + "/" + manifestName
      return (data, files.fileExists(atPath: own) ? try DataManifest(contentsOf: own) : nil)
    }
    if files.fileExists(atPath: data) {
      guard NamedFiles.isYAML(data) else { return (data, nil) }
      let manifest = try DataManifest(contentsOf: data)
      return (try manifest.located(options), manifest)
    }
    if try !Shard.matching(data).isEmpty { return (data, nil) }
    if let manifest = try DataManifest.find(data, in: options.dataDirectories) {
      return (try manifest.located(options), manifest)
    }
    throw try missing(data, options)
  }

  /// The file name of a manifest in a data set's folder.
  static let manifestName = "dataset.yaml"

  private static func missing(_ data: String, _ options: DatasetOptions) throws(DatasetError) -> DatasetError
  {
    let known = NamedFiles(in: options.dataDirectories).names
    guard !data.contains("/"), !known.isEmpty, let near = Spelling.nearest(to: data, among: known) else {
      return .missing(path: data, tried: options.dataDirectories)
    }
    return .unknownManifest(name: data, suggestion: near, known: known)
  }

  /// Reads a location directly: the cache is neither read nor written.
  static func rawScan(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError) -> Scan {
    try source(of: location).scan(location, options)
  }

  private static func source(of location: DataLocation) throws(DatasetError) -> any DataSource.Type {
    guard let source = DataSources.all.first(where: { $0.recognizes(location) }) else {
      throw .malformed(
        path: location.path, expected: "a folder, a manifest or an archive (tar, tar.gz, zip)",
        found: "another file")
    }
    return source
  }

  static func scan(
    _ location: DataLocation, _ options: DatasetOptions
  ) throws(DatasetError) -> (Scan, (any MemberOpener)?) {
    let source = try source(of: location)
    let cache = options.cacheDirectory.flatMap { root in
      try? DecodedCache(location, source: source.name, options, below: root)
    }
    if let kept = cache?.load() { return (kept, nil) }
    let scan = try source.scan(location, options)
    if let kept = cache?.store(scan) { return (kept, nil) }
    guard case .none = scan.store else { return (scan, nil) }
    if let opener = scan.opener { return (scan, opener) }
    return (scan, try source.opener(location, options))
  }

  /// Makes a data set of a scan: finds classes and splits, and orders the images.
  init(
    _ scan: Scan, path: String, opener: (any MemberOpener)?, options: DatasetOptions,
    allowedAugmentations: [String]?
  ) throws(DatasetError) {
    if let annotations = try BoxFormats.read(scan, path: path) {
      guard options.groups == nil else { throw .groupedBoxes(path: path) }
      try self.init(
        annotations, scan, path: path, opener: opener, options: options,
        allowedAugmentations: allowedAugmentations)
      return
    }
    let sorting = try Sorting(scan, path: path, groups: options.groups)
    guard options.skipBad || sorting.problems.isEmpty else {
      throw .badFiles(path: path, problems: sorting.problems)
    }
    let plan = SplitPlan(
      Set(sorting.files.map(\.split)), isGiven: sorting.layout.givesSplits, options)
    try self.init(
      Self.records(sorting, scan, plan.rule, valIsTest: plan.valIsTest), classes: sorting.classes,
      digest: sorting.digest, plan: plan, problems: sorting.problems,
      messages: scan.messages + sorting.messages, path: path,
      store: scan.store, opener: opener, options: options, allowedAugmentations: allowedAugmentations)
  }

  /// Makes a data set of images whose splits are known, with messages about the splits.
  init(
    _ records: [Record], classes: [String], digest: String, plan: SplitPlan, problems: [FileProblem],
    messages: [String], path: String, store: PixelStore, opener: (any MemberOpener)?, options: DatasetOptions,
    allowedAugmentations: [String]?
  ) throws(DatasetError) {
    let rule = plan.rule
    var counts: [Split: Int] = [:]
    for split in Split.allCases { counts[split] = records.count { $0.split == split } }
    let description = SplitDescription(
      isGiven: plan.isGiven, validationFraction: rule.validation, testFraction: rule.test, seed: options.seed,
      digest: digest, counts: counts)
    if !plan.isGiven, (counts[.test] ?? 0) == 0 {
      throw .tooFewImages(path: path, classes: classes.count)
    }
    var messages = messages + [description.description]
    if plan.valIsTest {
      messages.append(
        "the data has no test images: val is tested on, and validation is taken from train (val-folder: val keeps it)"
      )
    }
    if rule.validation > 0, (counts[.validation] ?? 0) == 0 {
      messages.append("no class can spare an image for validation: no image is validated on")
    }
    self.init(
      path: path, classes: classes, records: records, digest: digest, splitDescription: description,
      problems: problems, messages: messages, allowedAugmentations: allowedAugmentations, store: store,
      opener: opener, options: options)
  }

  private static func records(_ sorting: Sorting, _ scan: Scan, _ rule: SplitRule, valIsTest: Bool)
    -> [Record]
  {
    let splits = splits(sorting, rule, valIsTest: valIsTest)
    var records: [Record] = []
    records.reserveCapacity(splits.count)
    for split in Split.allCases {
      for position in splits.indices where splits[position] == split {
        let file = sorting.files[position].position
        records.append(
          Record(
            path: scan.files[file].path, annotation: .label(sorting.files[position].label),
            split: split,
            place: scan.files[file].place))
      }
    }
    return records
  }

  /// Returns each image's split, as given by the data or derived by the rule.
  private static func splits(_ sorting: Sorting, _ rule: SplitRule, valIsTest: Bool) -> [Split] {
    var result = sorting.files.map { $0.split == .validation && valIsTest ? .test : $0.split ?? .train }
    guard rule.validation > 0 || rule.test > 0 else { return result }
    var members = Array(repeating: [Int](), count: sorting.classes.count)
    for (position, split) in result.enumerated() where split == .train {
      members[sorting.files[position].label].append(position)
    }
    let parts = rule.splits(of: members.map { $0.map { sorting.files[$0].path } })
    for (group, part) in zip(members, parts) {
      for (member, split) in zip(group, part) { result[member] = split }
    }
    return result
  }
}

/// The plan by which images get their splits, made from the splits that the data has.
struct SplitPlan {
  /// True if the data itself separates training from test images.
  let isGiven: Bool
  /// True if the validation images serve as test images, because the data has none.
  ///
  /// Validation images are then taken from the training images.
  let valIsTest: Bool
  /// The rule for the splits that the data lacks.
  let rule: SplitRule

  init(_ present: Set<Split?>, isGiven: Bool, _ options: DatasetOptions) {
    self.isGiven = isGiven
    valIsTest =
      present.isSuperset(of: [.train, .validation]) && !present.contains(.test)
      && options.valFolder != .validation
    let fraction = isGiven && present.contains(.validation) && !valIsTest ? 0 : options.validationFraction
    rule = SplitRule(seed: options.seed, validation: fraction, test: isGiven ? 0 : 0.1)
  }
}
