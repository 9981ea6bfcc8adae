import Foundation
import Images

/// Boxes in PASCAL VOC's format: one XML file per image in `Annotations/`, lists of images in `ImageSets/`.
///
/// Coordinates count from 1 and include the last pixel. Without lists of images, folders named after splits
/// decide.
///
/// **Paper** Everingham et al., "The PASCAL visual object classes challenge", IJCV 2010.
enum VOCBoxes: BoxFormat {
  static let name = "PASCAL VOC"

  static func read(_ files: BoxFiles) -> BoxAnnotations? {
    let texts = files.texts("xml").filter { isAnnotation($0.text) }
    guard !texts.isEmpty else { return nil }
    var result = BoxAnnotations()
    // The images of each data set's root, by the stem of their annotation's name.
    var places: [Substring: [Substring: Int]] = [:]
    var taken: [Int: String] = [:]
    for (path, text) in texts {
      let file = FilePath(path)
      switch VOCAnnotation.read(text) {
      case .failure(let problem):
        result.problems.append(FileProblem(file: path, kind: .annotation, reason: problem.reason))
      case .success(let annotation):
        let name = annotation.filename.map { Substring($0) } ?? file.stem
        guard let position = files.image(file.stem + ".x", near: path) ?? files.image(name, near: path) else {
          let reason = "the image \(file.stem) is not there; add it, or remove its annotation"
          result.problems.append(FileProblem(file: path, kind: .missing, reason: reason))
          continue
        }
        if let other = taken.updateValue(path, forKey: position) {
          let reason = "is of the image \(files.files[position].path), as \(other) is; keep one of them"
          result.problems.append(FileProblem(file: path, kind: .annotation, reason: reason))
          continue
        }
        places[file.parent, default: [:]][file.stem] = result.images.count
        result.images.append(
          BoxAnnotations.AnnotatedImage(
            position: position, split: nil, things: annotation.things, size: annotation.size))
      }
    }
    let lists = self.lists(files)
    if lists.isEmpty {
      splitByFolders(&result, files)
    } else {
      split(&result, by: lists, places)
    }
    return result
  }

  /// Returns true if an annotation begins within the first 4096 bytes.
  private static func isAnnotation(_ text: [UInt8]) -> Bool {
    String(decoding: text.prefix(4096), as: UTF8.self).contains("<annotation")
  }

  /// A list of the images of one split.
  private struct List {
    let path: String
    let root: Substring
    let split: Split
    let names: [Substring]
  }

  /// Returns the lists of whole splits; `trainval` is used only if neither `train` nor `val` is there.
  private static func lists(_ files: BoxFiles) -> [List] {
    let known = files.texts("txt").compactMap { path, text -> (List, String)? in
      let file = FilePath(path)
      let parts = file.folder.split(separator: "/")
      guard let place = parts.lastIndex(of: "ImageSets"),
        ["train", "val", "trainval", "test"].contains(file.stem)
      else { return nil }
      let folders = place < parts.count - 1 ? String(parts[place + 1]) : "Main"
      guard folders == "Main" else { return nil }
      let split: Split = file.stem == "val" ? .validation : file.stem == "test" ? .test : .train
      let names = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap {
        $0.split(whereSeparator: \.isWhitespace).first.map { Substring(String($0)) }
      }
      let list = List(
        path: path, root: Substring(parts[..<place].joined(separator: "/")), split: split, names: names)
      return (list, String(file.stem))
    }
    return known.filter { list, name in
      name != "trainval" || !known.contains { $0.0.root == list.root && ["train", "val"].contains($0.1) }
    }.map(\.0)
  }

  private static func split(
    _ result: inout BoxAnnotations, by lists: [List], _ places: [Substring: [Substring: Int]]
  ) {
    var (twice, unknown) = (0, 0)
    var example: String?
    for list in lists.sorted(by: { ($1.split.order, $0.path) < ($0.split.order, $1.path) }) {
      for name in list.names {
        guard let place = places[list.root]?[name] else {
          unknown += 1
          if example == nil { example = "\(name) in \(list.path)" }
          continue
        }
        if let before = result.images[place].split, before != list.split {
          twice += 1
        } else {
          result.images[place].split = list.split
        }
      }
    }
    let unlisted = result.images.count { $0.split == nil }
    result.images.removeAll { $0.split == nil }
    if unlisted > 0 {
      result.messages.append("\(unlisted) annotated images are in none of the sets: not used")
    }
    if let example {
      result.messages.append(
        "\(unknown) names of the sets have no annotation and image: left out (\(example))")
    }
    if twice > 0 {
      result.messages.append("\(twice) images are in two sets: they stay in test, else in val")
    }
  }

  private static func splitByFolders(_ result: inout BoxAnnotations, _ files: BoxFiles) {
    let splits = result.images.map { FilePath(files.files[$0.position].path).split }
    guard Set(splits.compactMap { $0 }).count > 1, !splits.contains(nil) else { return }
    for (place, split) in splits.enumerated() { result.images[place].split = split }
  }
}

/// The annotation in one XML file.
struct VOCAnnotation {
  struct Problem: Error {
    let reason: String
  }

  var filename: String?
  var size: ImageSize?
  var things: [BoxAnnotations.Thing] = []

  /// The most things in an image; no real one has nearly as many.
  private static let maximumThings = 100_000

  /// Parses a file; references to other files are not followed.
  static func read(_ text: [UInt8]) -> Result<VOCAnnotation, Problem> {
    do throws(XMLText.Problem) {
      var parts = try XMLText(text)
      var reader = VOCReader()
      while let part = try parts.next() {
        reader.take(part)
        if let problem = reader.problem { return .failure(Problem(reason: problem)) }
        guard reader.annotation.things.count <= maximumThings else {
          return .failure(Problem(reason: "expected at most \(maximumThings) things; split the image"))
        }
      }
      return .success(reader.annotation)
    } catch {
      return .failure(
        Problem(reason: "line \(error.line): expected XML, \(error.reason); repair or remove it"))
    }
  }
}

/// Collects the elements of an annotation that are used.
private struct VOCReader {
  var annotation = VOCAnnotation()
  var problem: String?
  private var path: [String] = []
  private var text = ""
  private var values: [String: String] = [:]

  mutating func take(_ part: XMLText.Part) {
    switch part {
    case .start(let name):
      path.append(name)
      text = ""
      if path == ["annotation", "object"] { values = [:] }
    case .text(let more): text += more
    case .end(let name):
      end(name, text.trimmingCharacters(in: .whitespacesAndNewlines))
      path.removeLast()
      text = ""
    }
  }

  private mutating func end(_ name: String, _ value: String) {
    switch path {
    case ["annotation", "filename"]: annotation.filename = value.isEmpty ? nil : value
    case ["annotation", "size", "width"], ["annotation", "size", "height"]: values[name] = value
    case ["annotation", "size"]:
      if let width = values["width"].flatMap(Int.init), let height = values["height"].flatMap(Int.init),
        (1...1 << 20).contains(width), (1...1 << 20).contains(height)
      {
        annotation.size = ImageSize(width: width, height: height)
      }
    case ["annotation", "object", "name"], ["annotation", "object", "difficult"],
      ["annotation", "object", "bndbox", "xmin"], ["annotation", "object", "bndbox", "ymin"],
      ["annotation", "object", "bndbox", "xmax"], ["annotation", "object", "bndbox", "ymax"]:
      values[name] = value
    case ["annotation", "object"]: endObject()
    default: break
    }
  }

  private mutating func endObject() {
    func edge(_ name: String) -> Float? {
      values[name].flatMap(Float.init).flatMap { abs($0) < 1e7 ? $0 : nil }
    }
    let number = annotation.things.count + 1
    guard let name = values["name"], !name.isEmpty else {
      problem = "object \(number) has no name; give it one, or remove it"
      return
    }
    guard let left = edge("xmin"), let top = edge("ymin"), let right = edge("xmax"),
      let bottom = edge("ymax")
    else {
      problem = "object \(number), \"\(name)\": expected xmin, ymin, xmax and ymax as numbers"
      return
    }
    annotation.things.append(
      BoxAnnotations.Thing(
        name: name, box: Box(left: left - 1, top: top - 1, right: right, bottom: bottom),
        isDifficult: ["1", "true"].contains(values["difficult"]?.lowercased() ?? "")))
  }
}
