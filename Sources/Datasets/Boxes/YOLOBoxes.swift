import Settings

/// Boxes in YOLO's format: one text file per image, one line per thing.
///
/// Beside `images/…/cat.jpg` lies `labels/…/cat.txt`, or the text is in the image's folder. A line holds the
/// class, then the centre, the width and the height of the box as shares of the image, or the corners of a
/// polygon.
///
/// Classes are named by `names` in a YAML file, by `classes.txt` or by `obj.names`; without these they are
/// called by their numbers. Images without a text have no things in them. Folders decide the splits.
enum YOLOBoxes: BoxFormat {
  static let name = "YOLO"

  static func read(_ files: BoxFiles) -> BoxAnnotations? {
    let lists = ["classes", "obj", "labels", "data", "README"]
    var texts: [String: (path: String, text: [UInt8])] = [:]
    for file in files.texts("txt") where !lists.contains(String(FilePath(file.path).stem)) {
      texts[key(file.path)] = file
    }
    let pairs = files.images.map { (position: $0, label: texts[key(files.files[$0].path)]) }
    let found = pairs.compactMap(\.label)
    guard !found.isEmpty, found.contains(where: { lines(in: $0.text).first.map { row($0) != nil } ?? false })
    else {
      return nil
    }
    let names = names(files)
    var result = BoxAnnotations()
    result.names.formUnion(names ?? [])
    var unlabelled = 0
    for (position, label) in pairs {
      var things: [BoxAnnotations.Thing] = []
      if let label {
        for (number, line) in lines(in: label.text).enumerated() {
          guard let row = row(line) else {
            result.problems.append(
              FileProblem(
                file: label.path, kind: .annotation,
                reason: "line \(number + 1): expected a class and the numbers of a box or polygon"))
            break
          }
          guard names == nil || row.label < names?.count ?? 0 else {
            result.problems.append(
              FileProblem(
                file: label.path, kind: .annotation,
                reason: "line \(number + 1): class \(row.label) of \(names?.count ?? 0) that are named"))
            break
          }
          things.append(BoxAnnotations.Thing(name: names?[row.label] ?? "\(row.label)", box: row.box))
        }
      } else {
        unlabelled += 1
      }
      result.images.append(
        BoxAnnotations.AnnotatedImage(
          position: position, split: FilePath(files.files[position].path).split, things: things,
          isRelative: true))
    }
    if Set(result.images.map(\.split)).count == 1 || result.images.contains(where: { $0.split == nil }) {
      for place in result.images.indices { result.images[place].split = nil }
    }
    if unlabelled > 0 {
      result.messages.append("\(unlabelled) images without a text of labels: taken as empty")
    }
    if names == nil { result.messages.append("no file names the classes: they are called by their numbers") }
    return result
  }

  /// Returns the key that an image and its text share: the path without extension and without folders
  /// `images` or `labels`.
  private static func key(_ path: String) -> String {
    let file = FilePath(path)
    let folders = file.folder.split(separator: "/").filter { $0 != "images" && $0 != "labels" }
    return (folders + [file.stem]).joined(separator: "/")
  }

  private static func lines(in text: [UInt8]) -> [Substring] {
    String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).map { Substring(String($0)) }
      .filter { !$0.allSatisfy(\.isWhitespace) }
  }

  /// Parses a class and a box, for a polygon the box around it; `nil` for any other line.
  private static func row(_ line: Substring) -> (label: Int, box: Box)? {
    let words = line.split(whereSeparator: \.isWhitespace)
    guard let first = words.first, let label = Int(first), (0..<Dataset.maximumClasses).contains(label) else {
      return nil
    }
    let numbers = words.dropFirst().compactMap { Float(String($0)) }.filter { abs($0) < 100 }
    guard numbers.count == words.count - 1,
      numbers.count == 4 || (numbers.count >= 6 && numbers.count.isMultiple(of: 2))
    else { return nil }
    if numbers.count == 4 {
      let (x, y, w, h) = (numbers[0], numbers[1], numbers[2], numbers[3])
      return (label, Box(left: x - w / 2, top: y - h / 2, right: x + w / 2, bottom: y + h / 2))
    }
    let xs = stride(from: 0, to: numbers.count, by: 2).map { numbers[$0] }
    let ys = stride(from: 1, to: numbers.count, by: 2).map { numbers[$0] }
    return (
      label, Box(left: xs.min() ?? 0, top: ys.min() ?? 0, right: xs.max() ?? 0, bottom: ys.max() ?? 0)
    )
  }

  /// Returns the names of classes by number; `nil` if no file names them.
  private static func names(_ files: BoxFiles) -> [String]? {
    for (path, text) in files.texts("yaml", "yml") {
      guard let node = try? SettingsNode(yaml: String(decoding: text, as: UTF8.self), source: path),
        let names = node["names"]
      else { continue }
      if let list = try? [String](reading: names, key: "names") { return list }
      guard let entries = try? names.mapping("names") else { continue }
      var byNumber: [Int: String] = [:]
      for entry in entries {
        if let number = Int(entry.key), let name = try? entry.value.string(entry.key) {
          byNumber[number] = name
        }
      }
      let list = (0..<byNumber.count).compactMap { byNumber[$0] }
      if !list.isEmpty, list.count == byNumber.count { return list }
    }
    for (path, text) in files.texts("txt", "names")
    where ["classes", "obj", "labels"].contains(FilePath(path).stem) {
      let names = lines(in: text).map { $0.trimmingPrefix(while: \.isWhitespace) }.map(String.init)
      if !names.isEmpty { return names }
    }
    return nil
  }
}
