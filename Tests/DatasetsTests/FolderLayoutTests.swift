import Testing

@testable import Datasets

@Suite("Folders of splits and classes")
struct FolderLayoutTests {
  /// The splits and classes found in some folders of two images each, as "split/class".
  private static func places(_ folders: [String]) -> (layout: FolderLayout, found: Set<String>) {
    let paths = folders.flatMap { folder in (1...2).map { "\(folder)/\($0).png" } }
    let layout = FolderLayout(paths)
    let found = paths.compactMap { path in
      layout.place(of: path).map { "\($0.split?.rawValue ?? "-")/\($0.name)" }
    }
    return (layout, Set(found))
  }

  @Test(
    "every usual name of a split is known",
    arguments: [
      ("train", "test", "test"), ("Training", "Testing", "test"), ("training_set", "test_set", "test"),
      ("TRAIN", "VAL", "val"), ("seg_train", "seg_test", "test"), ("train_images", "val_images", "val"),
      ("train", "dev", "val"), ("train", "eval", "test"), ("train", "evaluation", "test"),
      ("train", "test1", "test"),
      ("train2017", "val2017", "val"), ("trainset", "testset", "test"), ("train", "hold-out", "test"),
      ("train", "holdout", "test"), ("training", "valid", "val"), ("train", "validate", "val"),
      ("Train Data", "Test Data", "test"), ("ILSVRC2012_img_train", "ILSVRC2012_img_val", "val"),
    ])
  func names(_ training: String, _ other: String, _ split: String) {
    let expected: Set = ["train/cat", "train/dog", "\(split)/cat", "\(split)/dog"]
    for wrapper in ["", "data/", "archive/my set/"] {
      for nested in [false, true] {
        let tops = [training, other].map { wrapper + $0 + (nested ? "/" + $0 : "") }
        let (layout, found) = Self.places(tops.flatMap { [$0 + "/cat", $0 + "/dog"] })
        #expect(found == expected && layout.refusal == nil && layout.givesSplits)
        #expect(layout.messages.contains { $0.contains("\(training)/") && $0.contains("4 images") })
      }
    }
  }

  @Test("a class called like a split is a class, beside other classes and below splits")
  func classes() {
    #expect(Self.places(["bus", "car", "train"]).found == ["-/bus", "-/car", "-/train"])
    #expect(Self.places(["control", "test"]).found == ["-/control", "-/test"])
    #expect(Self.places(["bullet_train", "steam_train"]).found == ["-/bullet_train", "-/steam_train"])
    #expect(Self.places(["freight train", "car", "plane"]).found == ["-/freight train", "-/car", "-/plane"])
    #expect(
      Self.places(["bus/red", "car/red", "train/steam", "train/diesel"]).found == [
        "-/bus", "-/car", "-/train",
      ])
    let below = Self.places(["train/bus", "train/train", "test/bus", "test/train"])
    #expect(below.found == ["train/bus", "train/train", "test/bus", "test/train"])
  }

  @Test("splits within classes are read too")
  func classFirst() {
    let (layout, found) = Self.places(["cat/train", "cat/test", "dog/train", "dog/test"])
    #expect(found == ["train/cat", "train/dog", "test/cat", "test/dog"] && layout.givesSplits)
  }

  @Test("splits without folders of classes are refused with what was seen")
  func flat() {
    #expect(
      Self.places(["train", "test1"]).layout.refusal == .flatSplits(["test1", "train"], images: [2, 2]))
    #expect(Self.places(["data/train"]).layout.refusal == .flatSplits(["train"], images: [2]))
    #expect(Self.places(["train", "test/cat", "test/dog"]).layout.refusal != nil)
  }

  @Test("a folder of a split's name beside what may be classes is refused, not guessed")
  func unclear() {
    let (layout, _) = Self.places(["train/cat", "train/dog", "extra"])
    #expect(layout.refusal == .unclear(split: ["train"], others: ["extra"]))
    #expect(Self.places(["train/cat", "train/dog", "more/cat", "much/dog"]).layout.refusal != nil)
  }

  @Test("splits within some classes alone, and several data sets side by side, are refused")
  func mixed() {
    for odd in ["bird/train", "bird", "bird/extra"] {
      let folders = ["cat/train", "cat/test", "dog/train", "dog/test", odd]
      #expect(Self.places(folders).layout.refusal == .someSplit(["cat", "dog"], others: ["bird"]))
    }
    let folds = ["fold1", "fold2"].flatMap { fold in
      ["train/cat", "train/dog", "test/cat", "test/dog"].map { "\(fold)/\($0)" }
    }
    #expect(Self.places(folds).layout.refusal == .severalSets(["fold1", "fold2"]))
    #expect(Self.places(folds + ["docs"]).layout.refusal == .someSplit(["fold1", "fold2"], others: ["docs"]))
  }

  @Test("folders that all hold the same folders are refused where one bears a split's word, else explained")
  func sameFolders() {
    for (split, other) in [("test", "1"), ("test-noisy", "clean"), ("val_b", "a")] {
      let (layout, _) = Self.places(["\(other)/a", "\(other)/b", "\(split)/a", "\(split)/b"])
      #expect(layout.refusal == .unclear(split: [split], others: [other]))
    }
    let (layout, found) = Self.places(["2019/a", "2019/b", "2020/a", "2020/b"])
    #expect(found == ["-/2019", "-/2020"] && layout.refusal == nil)
    #expect(layout.messages.contains { $0.contains("2019/, 2020/") && $0.contains("a/, b/") })
  }

  @Test("a flat folder of images to be predicted beside labelled ones is left out and named")
  func unlabelled() {
    let (layout, found) = Self.places(["train/cat", "train/dog", "test1"])
    #expect(found == ["-/cat", "-/dog"] && !layout.givesSplits)
    #expect(layout.messages.contains { $0.contains("not used") && $0.contains("test1/ (2)") })
    let segments = Self.places([
      "s/seg_train/seg_train/a", "s/seg_train/seg_train/b", "s/seg_test/seg_test/a",
      "s/seg_test/seg_test/b", "s/seg_pred/seg_pred",
    ])
    #expect(segments.found == ["train/a", "train/b", "test/a", "test/b"])
  }

  @Test("a thousand folders below each other end")
  func deep() {
    let deep = Array(repeating: "a", count: 100_000).joined(separator: "/")
    let layout = FolderLayout([deep + "/1.png", deep + "/2.png", "b/1.png"])
    #expect(layout.place(of: "b/1.png")?.name == "b")
  }
}
