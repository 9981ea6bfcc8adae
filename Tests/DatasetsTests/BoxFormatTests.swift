import Foundation
import Images
import Tensors
import Testing

@testable import Datasets

@Suite("Formats of boxes")
struct BoxFormatTests {
  private static let options = {
    var options = DatasetOptions()
    options.cacheDirectory = nil
    options.threads = 2
    return options
  }()

  /// The `<object>` element of VOC; edges count from 1 and include the last pixel.
  private static func object(_ name: String, _ edges: [Int], difficult: Bool = false) -> String {
    """
    <object><name>\(name)</name><difficult>\(difficult ? 1 : 0)</difficult><bndbox><xmin>\(edges[0])</xmin>\
    <ymin>\(edges[1])</ymin><xmax>\(edges[2])</xmax><ymax>\(edges[3])</ymax></bndbox></object>
    """
  }

  private static func voc(_ folder: TemporaryFolder, _ name: String, _ objects: [String], image: Bool = true)
    throws
  {
    let text = "<annotation><filename>\(name).png</filename>\(objects.joined())</annotation>"
    try folder.write(Array(text.utf8), to: "set/Annotations/\(name).xml")
    if image {
      try folder.write(
        try TestImages.png(name.utf8.reduce(0) { 31 * $0 % 9_973 + Int($1) }, width: 16, height: 12),
        to: "set/JPEGImages/\(name).png")
    }
  }

  /// Six images: a in train, b in val, c and d in test, e in no split, and f, without objects, in train.
  private static func vocSet() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try voc(folder, "a", [object("dog", [1, 1, 8, 12]), object("cat", [3, 4, 20, 10], difficult: true)])
    try voc(folder, "b", [object("cat", [5, 5, 5, 5])])
    try voc(folder, "c", [object("dog", [2, 2, 4, 4])])
    try voc(folder, "d", [object("dog", [30, 2, 40, 4]), object("cat", [1, 1, 16, 12])])
    try voc(folder, "e", [object("dog", [2, 2, 4, 4])])
    try voc(folder, "f", [])
    for (list, names) in [
      ("train", "a\nf\n"), ("val", "b\n"), ("test", "c 1\nd -1\nz\n"), ("trainval", "e\n"),
    ] {
      try folder.write(Array(names.utf8), to: "set/ImageSets/Main/\(list).txt")
    }
    return folder
  }

  @Test("VOC: pixels, splits, and a rule for everything that is unusual")
  func vocRules() throws {
    let folder = try Self.vocSet()
    let data = try Dataset.open(folder.path, options: Self.options)
    #expect(data.classes == ["cat", "dog"])
    #expect(
      data.records.map { ($0.path as NSString).lastPathComponent } == [
        "a.png", "f.png", "b.png", "c.png", "d.png",
      ])
    #expect(data.records.map(\.split) == [.train, .train, .validation, .test, .test])
    #expect(
      data.records[0].annotation.things == [
        LabelledBox(label: 1, box: Box(left: 0, top: 0, right: 8, bottom: 12)),
        LabelledBox(label: 0, box: Box(left: 2, top: 3, right: 16, bottom: 10), isDifficult: true),
      ])
    #expect(data.records[2].annotation.things.map(\.box) == [Box(left: 4, top: 4, right: 5, bottom: 5)])
    // One of the two objects in d lies wholly outside the image.
    #expect(data.records[4].annotation.things.map(\.label) == [0])
    let said = data.messages.joined(separator: "\n")
    for words in [
      "boxes as PASCAL VOC says them", "1 annotated images are in none of the sets",
      "1 names of the sets have no annotation",
      "1 of them are difficult", "1 boxes reach beyond their images", "1 boxes without area",
      "1 images without things",
    ] { #expect(said.contains(words), "\(words) in \(said)") }
  }

  @Test("Boxes follow images that are decoded at another size, and come back from the cache")
  func resized() throws {
    let folder = try Self.vocSet()
    let cache = try TemporaryFolder()
    var options = Self.options
    options.imageSize = ImageSize(width: 8, height: 24)
    options.cacheDirectory = cache.path
    let plain = try Dataset.open(folder.path, options: Self.options)
    for _ in 0..<2 {
      let data = try Dataset.open(folder.path, options: options)
      #expect(data.records[0].annotation.things[0].box == Box(left: 0, top: 0, right: 4, bottom: 24))
      #expect(data.digest == plain.digest && data.messages == plain.messages)
    }
  }

  @Test("Of several names with control characters the first is named")
  func controlCharacters() throws {
    let folder = try Self.vocSet()
    let names = (1...9).reversed().map { "\($0)\u{7F}x" }
    try Self.voc(folder, "a", names.map { Self.object($0, [1, 1, 2, 2]) })
    let error = #expect(throws: DatasetError.self) {
      _ = try Dataset.open(folder.path, options: Self.options)
    }
    let words = "\(error.map { "\($0)" } ?? "")"
    #expect(words.contains("1\u{7F}x".debugDescription), "\(words)")
  }

  @Test("What is wrong is listed by check, and stops opening unless it is to be left out")
  func problems() throws {
    let folder = try Self.vocSet()
    try Self.voc(folder, "gone", [Self.object("dog", [1, 1, 2, 2])], image: false)
    try folder.write(Array("<annotation><object></annotation>".utf8), to: "set/Annotations/c.xml")
    #expect(throws: DatasetError.self) { try Dataset.open(folder.path, options: Self.options) }
    var options = Self.options
    options.skipBad = true
    let data = try Dataset.open(folder.path, options: options)
    #expect(data.records.count == 4)
    let check = try DatasetCheck(folder.path, options: Self.options)
    let kinds = check.problems.map { "\($0.kind.rawValue) \(($0.file as NSString).lastPathComponent)" }
    #expect(
      kinds.contains("missing gone.xml") && kinds.contains("annotation c.xml") && kinds.contains("odd d.png"))
  }

  @Test("Splits are derived where nothing tells them; a class of test images alone is refused")
  func derived() throws {
    let folder = try TemporaryFolder()
    for i in 0..<20 { try Self.voc(folder, "i\(i)", [Self.object("dog", [1, 1, 8, 8])]) }
    let data = try Dataset.open(folder.path, options: Self.options)
    #expect(data.count(of: .test) == 2 && data.count(of: .validation) == 2 && data.classes == ["dog"])
    #expect(!data.splitDescription.isGiven)
    let other = try Self.vocSet()
    try Self.voc(other, "c", [Self.object("cow", [2, 2, 4, 4])])
    #expect(throws: DatasetError.self) { try Dataset.open(other.path, options: Self.options) }
  }

  @Test("COCO: categories, crowds, splits by the names of files")
  func coco() throws {
    let folder = try TemporaryFolder()
    func write(_ split: String, _ annotations: String) throws {
      for i in 0..<3 {
        try folder.write(
          try TestImages.png(i + split.count * 7, width: 20, height: 10), to: "\(split)/\(split)\(i).png")
      }
      let images = (0..<3).map {
        "{\"id\": \($0 + 5), \"file_name\": \"\(split)\($0).png\", \"width\": 20, \"height\": 10}"
      }
      let text = """
        {"images": [\(images.joined(separator: ","))], "categories": [{"id": 7, "name": "sheep"}, {"id": 3, "name": "cow"}],
         "annotations": [\(annotations)]}
        """
      try folder.write(Array(text.utf8), to: "annotations/instances_\(split).json")
    }
    try write(
      "train2017",
      """
      {"id": 1, "image_id": 5, "category_id": 7, "bbox": [2, 1, 4.5, 3], "iscrowd": 0, "area": 7.25},
      {"id": 4, "image_id": 5, "category_id": 7, "bbox": [8, 1, 2, 3], "area": 6},
      {"id": 5, "image_id": 5, "category_id": 7, "bbox": [8, 1, 2, 3], "area": -1},
      {"id": 2, "image_id": 6, "category_id": 3, "bbox": [0, 0, 30, 5], "iscrowd": 1},
      {"id": 3, "image_id": 99, "category_id": 3, "bbox": [0, 0, 1, 1]}
      """)
    try write("val2017", #"{"id": 1, "image_id": 5, "category_id": 3, "bbox": [0, 0, 1, 1]}"#)
    let data = try Dataset.open(folder.path, options: Self.options)
    #expect(data.classes == ["cow", "sheep"])
    #expect(data.count(of: .train) + data.count(of: .validation) == 3 && data.count(of: .test) == 3)
    let things = Dictionary(uniqueKeysWithValues: data.records.map { ($0.path, $0.annotation.things) })
    #expect(
      things["train2017/train20170.png"] == [
        LabelledBox(label: 1, box: Box(left: 2, top: 1, right: 6.5, bottom: 4), maskArea: 7.25),
        LabelledBox(label: 1, box: Box(left: 8, top: 1, right: 10, bottom: 4)),
        LabelledBox(label: 1, box: Box(left: 8, top: 1, right: 10, bottom: 4)),
      ])
    #expect(data.messages.contains { $0.hasPrefix("1 of them say the area of their mask") })
    #expect(
      things["train2017/train20171.png"] == [
        LabelledBox(
          label: 0, box: Box(left: 0, top: 0, right: 20, bottom: 5), isDifficult: true, isCrowd: true)
      ])
    try write("val2017", #"{"id": 1, "image_id": 5, "category_id": 4, "bbox": [0, 0, 1, 1]}"#)
    #expect(throws: DatasetError.self) { try Dataset.open(folder.path, options: Self.options) }
  }

  @Test("YOLO: shares of the image, polygons, names, images without labels")
  func yolo() throws {
    let folder = try TemporaryFolder()
    for split in ["train", "val"] {
      for i in 0..<4 {
        try folder.write(
          try TestImages.png(i + split.count * 11, width: 20, height: 10), to: "images/\(split)/\(i).png")
      }
      try folder.write(
        Array("1 0.5 0.5 0.2 0.4\n0 0.1 0.1 0.3 0.1 0.3 0.6\n".utf8), to: "labels/\(split)/0.txt")
      try folder.write([], to: "labels/\(split)/1.txt")
    }
    try folder.write(Array("path: .\nnames: {0: pen, 1: ink}\n".utf8), to: "data.yaml")
    let data = try Dataset.open(folder.path, options: Self.options)
    #expect(data.classes == ["ink", "pen"])
    let first = try #require(data.records.first { $0.path == "images/train/0.png" })
    let boxes = first.annotation.things
    #expect(boxes.map(\.label) == [0, 1])
    for (found, wanted) in zip(
      boxes.map(\.box),
      [Box(left: 8, top: 3, right: 12, bottom: 7), Box(left: 2, top: 1, right: 6, bottom: 6)])
    { #expect(found.overlap(with: wanted) > 0.9999) }
    #expect(data.messages.contains { $0.contains("4 images without a text of labels") })
    try folder.write(Array("5 0.5 0.5 0.2 0.4\n".utf8), to: "labels/train/2.txt")
    #expect(throws: DatasetError.self) { try Dataset.open(folder.path, options: Self.options) }
  }

  @Test("Folders of classes with texts beside the images stay folders of classes")
  func classification() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"])
    try folder.write(Array("a photograph of a cat".utf8), to: "train/cat/0.txt")
    try folder.write(Array("{\"images\": 3}".utf8), to: "notes.json")
    try folder.write(Array("<html></html>".utf8), to: "page.xml")
    let data = try Dataset.open(folder.path, options: Self.options)
    #expect(!data.hasBoxes && data.classes == ["cat", "dog"])
  }

  @Test("Texts beside images in folders of classes are no boxes: the folders are the classes")
  func besideClasses() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"])
    for name in ["cat", "dog"] {
      try folder.write(Array("0 0.5 0.5 1 1".utf8), to: "train/\(name)/0.txt")
      let xml = "<annotation><filename>0.png</filename>\(Self.object("cat", [1, 1, 3, 3]))</annotation>"
      try folder.write(Array(xml.utf8), to: "train/\(name)/0.xml")
    }
    let data = try Dataset.open(folder.path, options: Self.options)
    #expect(!data.hasBoxes && data.classes == ["cat", "dog"])
  }

  @Test("10,000 damaged annotations are read or refused, and never crash")
  func damaged() {
    var random = SeededRandom(seed: 7, purpose: "damage")
    let whole = Array(
      "<annotation><size><width>9</width><height>8</height></size>\(Self.object("a&amp;b", [1, 2, 3, 4]))</annotation>"
        .utf8)
    var (read, refused) = (0, 0)
    for _ in 0..<10_000 {
      var text = whole
      for _ in 0..<1 + random.below(2) {
        let place = random.below(text.count)
        switch random.below(4) {
        case 0:
          // Text is mostly replaced by text, so that many damaged files can still be read.
          text[place] = UInt8(random.below(8) == 0 ? random.below(256) : 32 + random.below(95))
        case 1: text.removeSubrange(place..<min(text.count, place + 1 + random.below(20)))
        case 2: text.insert(contentsOf: text[place..<min(text.count, place + random.below(30))], at: place)
        default: text.removeSubrange(place...)
        }
        if text.isEmpty { text = [60] }
      }
      switch VOCAnnotation.read(text) {
      case .success(let annotation):
        read += 1
        #expect(annotation.things.allSatisfy { $0.box.left.isFinite && $0.box.bottom.isFinite })
      case .failure: refused += 1
      }
    }
    #expect(read > 100 && refused > 100)
  }

  @Test(
    "XML: characters by name and number, CDATA, comments and attributes; what is not closed is refused with its line"
  )
  func xml() {
    func things(_ text: String) -> [String]? {
      guard case .success(let annotation) = VOCAnnotation.read(Array(text.utf8)) else { return nil }
      return annotation.things.map(\.name)
    }
    let box = "<bndbox q='>'><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4.5</ymax></bndbox>"
    let whole =
      "<?xml version='1.0'?>\n<!DOCTYPE annotation><annotation><!-- c --><object><name>a &#228; &lt;<![CDATA[b<]]></name>"
      + box + "</object></annotation >\n"
    #expect(things(whole) == ["a ä <b<"])
    #expect(things("<annotation/>") == [])
    for broken in ["", "<a", "<annotation></annotation>x", "<annotation>&nbsp;</annotation>", "<a></b>"] {
      #expect(things(broken) == nil)
    }
    guard case .failure(let problem) = VOCAnnotation.read(Array("<annotation>\n<object></annotation>".utf8))
    else {
      Issue.record("read")
      return
    }
    #expect(
      problem.reason
        == "line 2: expected XML, found </annotation> where </object> would end; repair or remove it")
  }

  @Test("Entities that grow are refused")
  func entities() {
    let levels = (1...9).map {
      "<!ENTITY e\($0) \"&e\($0 - 1);&e\($0 - 1);&e\($0 - 1);&e\($0 - 1);&e\($0 - 1);&e\($0 - 1);\">"
    }
    let text =
      "<!DOCTYPE a [<!ENTITY e0 \"ha\">\(levels.joined())]><annotation><object><name>&e9;</name></object></annotation>"
    guard case .failure = VOCAnnotation.read(Array(text.utf8)) else {
      Issue.record("read")
      return
    }
  }
}
