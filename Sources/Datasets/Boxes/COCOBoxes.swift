import Foundation
import Images

/// Boxes in COCO's format: JSON files with `images`, `annotations` and `categories`, one per split.
///
/// The split of a file is the one in its name (`instances_val2017.json`), else that of a folder
/// (`valid/_annotations.coco.json`). Crowds are regions of many things: they are not trained on, and
/// detections in them are not counted.
///
/// **Paper** Lin et al., "Microsoft COCO: common objects in context", 2014, arXiv:1405.0312.
enum COCOBoxes: BoxFormat {
  static let name = "COCO"

  static func read(_ files: BoxFiles) -> BoxAnnotations? {
    var result = BoxAnnotations()
    var isFound = false
    var places: [Int: Int] = [:]
    for (path, text) in files.texts("json") {
      guard isLikely(text),
        let object = try? JSONSerialization.jsonObject(with: Data(text)) as? [String: Any],
        let images = object["images"] as? [Any], let annotations = object["annotations"] as? [Any],
        let categories = object["categories"] as? [Any]
      else { continue }
      isFound = true
      var reader = COCOFile(path: path, files: files)
      reader.read(categories: categories)
      reader.read(images: images, &result, &places)
      reader.read(annotations: annotations, &result)
    }
    guard isFound else { return nil }
    if Set(result.images.map(\.split)).count == 1 || result.images.contains(where: { $0.split == nil }) {
      for place in result.images.indices { result.images[place].split = nil }
    }
    return result
  }

  /// Returns true if the text holds the three keys, so that other JSON is not parsed.
  private static func isLikely(_ text: [UInt8]) -> Bool {
    let data = Data(text)
    return ["\"annotations\"", "\"images\"", "\"categories\""].allSatisfy {
      data.range(of: Data($0.utf8)) != nil
    }
  }
}

/// The state of reading one JSON file.
private struct COCOFile {
  let path: String
  let files: BoxFiles
  private let split: Split?
  private var names: [Int: String] = [:]
  private var places: [Int: Int] = [:]
  private var problems = 0
  /// The most problems that are reported for one file.
  private static let mostProblems = 100

  init(path: String, files: BoxFiles) {
    self.path = path
    self.files = files
    let file = FilePath(path)
    split = SplitName(file.stem)?.split ?? file.split
  }

  mutating func read(categories: [Any]) {
    for case let category as [String: Any] in categories {
      guard let id = integer(category["id"]), let name = category["name"] as? String, !name.isEmpty else {
        continue
      }
      names[id] = name
    }
  }

  mutating func read(images: [Any], _ result: inout BoxAnnotations, _ known: inout [Int: Int]) {
    result.names.formUnion(names.values)
    for case let image as [String: Any] in images {
      guard let id = integer(image["id"]), let name = image["file_name"] as? String else {
        add(.annotation, "an image without id or file_name", &result)
        continue
      }
      guard let position = files.image(Substring(name), near: path, split: split) else {
        add(.missing, "the image \(name) is not there; add it, or remove it from the file", &result)
        continue
      }
      guard places[id] == nil, known[position] == nil else {
        add(.annotation, "the image \(name) is there twice; keep one of them", &result)
        continue
      }
      places[id] = result.images.count
      known[position] = result.images.count
      var annotated = BoxAnnotations.AnnotatedImage(position: position, split: split, things: [])
      if let width = integer(image["width"]), let height = integer(image["height"]), width > 0, height > 0 {
        annotated.size = ImageSize(width: width, height: height)
      }
      result.images.append(annotated)
    }
  }

  mutating func read(annotations: [Any], _ result: inout BoxAnnotations) {
    for case let annotation as [String: Any] in annotations {
      let id = integer(annotation["id"]).map { "annotation \($0)" } ?? "an annotation"
      // Annotations of a missing image are skipped: the image itself was reported.
      guard let place = integer(annotation["image_id"]).flatMap({ places[$0] }) else { continue }
      guard let name = integer(annotation["category_id"]).flatMap({ names[$0] }) else {
        add(.annotation, "\(id): expected one of the categories of the file, found another", &result)
        continue
      }
      guard let sides = (annotation["bbox"] as? [Any])?.compactMap(number), sides.count == 4 else {
        add(.annotation, "\(id): expected a bbox of four numbers", &result)
        continue
      }
      result.images[place].things.append(
        BoxAnnotations.Thing(
          name: name,
          box: Box(left: sides[0], top: sides[1], right: sides[0] + sides[2], bottom: sides[1] + sides[3]),
          isDifficult: integer(annotation["ignore"]) == 1 || integer(annotation["iscrowd"]) == 1,
          isCrowd: integer(annotation["iscrowd"]) == 1,
          area: annotation["area"].flatMap(area)))
    }
  }

  private mutating func add(_ kind: FileProblem.Kind, _ reason: String, _ result: inout BoxAnnotations) {
    problems += 1
    if problems <= Self.mostProblems {
      result.problems.append(FileProblem(file: path, kind: kind, reason: reason))
    }
  }

  private func integer(_ value: Any?) -> Int? {
    (value as? NSNumber).flatMap { Int(exactly: $0.doubleValue) }
  }

  /// The area of a mask in pixels; `nil` for what is none.
  private func area(_ value: Any) -> Float? {
    (value as? NSNumber).map(\.floatValue).flatMap { (0...1e10).contains($0) ? $0 : nil }
  }

  private func number(_ value: Any) -> Float? {
    (value as? NSNumber).map(\.floatValue).flatMap { abs($0) < 1e7 ? $0 : nil }
  }
}
