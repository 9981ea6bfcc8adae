import Crypto
import Images

/// Images with boxes, sorted by (split, path), after the rules that hold for every format.
///
/// Boxes are cut off at the edges of their images; one without area is dropped. Difficult things are trained
/// on, but finding or missing them is not counted. Crowds are kept for judging alone. Images without things
/// are trained on as background.
struct BoxSorting {
  struct Entry {
    let split: Split?
    let path: String
    let position: Int
    let things: [LabelledBox]
  }

  private(set) var entries: [Entry] = []
  let classes: [String]
  private(set) var problems: [FileProblem]
  private(set) var messages: [String]
  let givesSplits: Bool

  init(_ annotations: BoxAnnotations, _ scan: Scan, path: String) throws(DatasetError) {
    let names = annotations.images.reduce(into: annotations.names) { $0.formUnion($1.things.map(\.name)) }
    if let bad = names.filter({ $0[...].holdsControlCharacter }).min() {
      throw .controlCharacter(path: path, name: bad)
    }
    guard names.count <= Dataset.maximumClasses else {
      throw .tooManyClasses(path: path, found: names.count, limit: Dataset.maximumClasses)
    }
    guard !names.isEmpty else { throw .noThings(path: path, images: annotations.images.count) }
    classes = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    problems = annotations.problems
    messages = annotations.messages
    givesSplits = annotations.images.contains { $0.split != nil }
    let labels = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($0.element, $0.offset) })
    var counts = BoxCounts()
    var prefix = Self.commonFolder(annotations.images.map { scan.files[$0.position].path })
    if !prefix.isEmpty { prefix += "/" }
    for image in annotations.images {
      let file = scan.files[image.position]
      if let problem = file.problem {
        problems.append(FileProblem(file: file.path, kind: .unreadable, reason: problem))
        continue
      }
      let things = counts.things(of: image, file, labels, &problems)
      entries.append(
        Entry(
          split: image.split, path: String(file.path.dropFirst(prefix.count)), position: image.position,
          things: things))
    }
    messages += counts.messages
    let unused = scan.files.count { $0.format != nil } - annotations.images.count
    if unused > 0 {
      messages.append("\(unused) images without annotations of this kind, or in no set, are not used")
    }
    entries.sort { ($0.split?.order ?? 0, $0.path) < ($1.split?.order ?? 0, $1.path) }
    problems.sort { ($0.file, $0.reason) < ($1.file, $1.reason) }
    try requireLearnable(path)
  }

  /// Refuses data in which validation or test images have classes that training images lack.
  private func requireLearnable(_ path: String) throws(DatasetError) {
    guard entries.contains(where: { $0.split == .train }) else { return }
    let learnt = Set(entries.filter { $0.split == .train }.flatMap { $0.things.map(\.label) })
    for split in [Split.validation, .test] {
      let met = Set(entries.filter { $0.split == split }.flatMap { $0.things.map(\.label) })
      let unseen = met.subtracting(learnt)
      guard unseen.isEmpty else {
        throw .onlyInTest(path: path, classes: unseen.sorted().map { classes[$0] }, split: split)
      }
    }
  }

  /// Returns the folder that all files lie in; empty if they share none.
  private static func commonFolder(_ paths: [String]) -> String {
    guard var common = paths.first.map({ FilePath($0).folder.split(separator: "/") }) else { return "" }
    for path in paths {
      let parts = FilePath(path).folder.split(separator: "/")
      common = zip(common, parts).prefix { $0 == $1 }.map { $0.0 }
    }
    return common.joined(separator: "/")
  }

  /// Returns the SHA-256 over every image's split, path, digest and things, in the order of `entries`.
  func digest(_ scan: Scan) -> String {
    var hasher = SHA256()
    var buffer: [UInt8] = []
    for entry in entries {
      buffer.append(UInt8(entry.split.map { $0.order + 1 } ?? 0))
      buffer.append(contentsOf: entry.path.utf8)
      buffer.append(0)
      scan.files[entry.position].digest.append(to: &buffer)
      for thing in entry.things {
        buffer.append(contentsOf: classes[thing.label].utf8)
        buffer.append(contentsOf: [0, thing.isDifficult ? 1 : 0, thing.isCrowd ? 1 : 0])
        for edge in [thing.box.left, thing.box.top, thing.box.right, thing.box.bottom] {
          for shift in [UInt32(0), 8, 16, 24] { buffer.append(UInt8(edge.bitPattern >> shift & 255)) }
        }
        if let area = thing.maskArea {
          for shift in [UInt32(0), 8, 16, 24] { buffer.append(UInt8(area.bitPattern >> shift & 255)) }
        }
      }
      buffer.append(0xFF)
      if buffer.count > 1 << 16 {
        hasher.update(data: buffer)
        buffer.removeAll(keepingCapacity: true)
      }
    }
    hasher.update(data: buffer)
    return ContentDigest(hasher.finalize()).hexadecimal
  }
}

/// Counts of the cases that the rules met, for messages.
private struct BoxCounts {
  private var (things, difficult, crowds, masks) = (0, 0, 0, 0)
  private var (beyond, empty, flat, resized) = (0, 0, 0, 0)

  /// Returns the things of an image, in its pixels as stored, and counts the cases that rules apply to.
  mutating func things(
    of image: BoxAnnotations.AnnotatedImage, _ file: ScannedFile, _ labels: [String: Int],
    _ problems: inout [FileProblem]
  ) -> [LabelledBox] {
    let (width, height) = (Float(file.original.width), Float(file.original.height))
    if image.things.isEmpty { empty += 1 }
    if let size = image.size, size != file.original { resized += 1 }
    return image.things.compactMap { thing in
      guard let label = labels[thing.name] else { return nil }
      var box = thing.box
      if image.isRelative {
        box = box.moved { ($0 * width, $1 * height) }
      }
      let visible = box.clipped(width: width, height: height)
      guard box.right > box.left, box.bottom > box.top, visible.area > 0 else {
        flat += 1
        problems.append(
          FileProblem(
            file: file.path, kind: .odd,
            reason: "a box of \(thing.name) has no area within the image (\(thing.box.text)): left out"))
        return nil
      }
      things += 1
      if thing.isCrowd { crowds += 1 } else if thing.isDifficult { difficult += 1 }
      // Rounding of coordinates may be off by half a pixel.
      let slack = box.left < -0.5 || box.top < -0.5 || box.right > width + 0.5 || box.bottom > height + 0.5
      if slack { beyond += 1 }
      // Most files repeat the box's area, which needs no note.
      let mask = thing.area.flatMap { $0 == box.area ? nil : $0 }
      if let mask, abs(mask - box.area) > 0.001 * box.area { masks += 1 }
      return LabelledBox(
        label: label, box: visible, isDifficult: thing.isDifficult, isCrowd: thing.isCrowd, maskArea: mask)
    }
  }

  var messages: [String] {
    var all = ["\(things) things in boxes"]
    if difficult > 0 {
      all.append(
        "\(difficult) of them are difficult: learnt from, and neither finding nor missing them counts")
    }
    if crowds > 0 {
      all.append("\(crowds) of them are crowds: not learnt from, and what is found in them counts nothing")
    }
    if masks > 0 {
      all.append(
        "\(masks) of them say the area of their mask, by which COCO's measures call them small or large")
    }
    if beyond > 0 { all.append("\(beyond) boxes reach beyond their images: cut off at the edges") }
    if flat > 0 { all.append("\(flat) boxes without area within their images: left out") }
    if empty > 0 { all.append("\(empty) images without things: background to learn from") }
    if resized > 0 {
      all.append(
        "\(resized) annotations give their images another size than these have: boxes are taken in the images' pixels"
      )
    }
    return all
  }
}

extension Box {
  fileprivate var text: String { "\(left), \(top) to \(right), \(bottom)" }
}

extension Dataset {
  /// Makes a data set of images with boxes: sorts them, assigns splits and applies the rules of `BoxSorting`.
  init(
    _ annotations: BoxAnnotations, _ scan: Scan, path: String, opener: (any MemberOpener)?,
    options: DatasetOptions,
    allowedAugmentations: [String]?
  ) throws(DatasetError) {
    let sorting = try BoxSorting(annotations, scan, path: path)
    // Odd boxes were left out with a message; problems of any other kind stop unless `skipBad` is on.
    let grave = sorting.problems.filter { $0.kind != .odd }
    guard options.skipBad || grave.isEmpty else { throw .badFiles(path: path, problems: grave) }
    let present = Set(sorting.entries.map(\.split))
    let plan = SplitPlan(present, isGiven: sorting.givesSplits, options)
    var splits = sorting.entries.map {
      $0.split == .validation && plan.valIsTest ? .test : $0.split ?? .train
    }
    if plan.rule.validation > 0 || plan.rule.test > 0 {
      let members = splits.indices.filter { splits[$0] == .train }
      let parts = plan.rule.splits(of: [members.map { sorting.entries[$0].path[...] }])[0]
      for (member, split) in zip(members, parts) { splits[member] = split }
    }
    var records: [Record] = []
    for split in Split.allCases {
      for (entry, own) in zip(sorting.entries, splits) where own == split {
        let file = scan.files[entry.position]
        records.append(
          Record(
            path: file.path,
            annotation: Annotation.boxes(entry.things).scaled(
              across: Float(file.place.width) / Float(file.original.width),
              down: Float(file.place.height) / Float(file.original.height)),
            split: split, original: file.original, place: file.place))
      }
    }
    try self.init(
      records, classes: sorting.classes, digest: sorting.digest(scan), plan: plan, problems: grave,
      messages: scan.messages + sorting.messages, path: path, store: scan.store, opener: opener,
      options: options, allowedAugmentations: allowedAugmentations)
  }
}
