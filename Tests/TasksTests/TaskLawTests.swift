import Foundation
import Metrics
import Tensors
import TestSupport
import Testing

@testable import Datasets
@testable import Tasks

@Suite("Laws of tasks")
struct TaskLawTests {
  @Test("Every task's details and metric are in their catalogues, and names are told apart")
  func catalogues() {
    for task in TaskCatalogue.all {
      #expect(TaskDetailsCatalogue.all.contains { $0 == task.details })
    }
    for details in TaskDetailsCatalogue.all { #expect(MetricKind.all.contains(details.metric)) }
    #expect(Set(TaskDetailsCatalogue.all.map { $0.task }).count == TaskDetailsCatalogue.all.count)
    for names in [MetricKind.all.map(\.name), MetricKind.all.map(\.key)] {
      #expect(Set(names).count == names.count)
    }
    #expect(Top1Accuracy.kind.validationKey == "validationTop1")
  }

  @Test(
    "Targets fill their buffers, and answers and contributions agree with scores",
    arguments: TaskCatalogue.all.indices)
  func judging(index: Int) throws {
    let type = TaskCatalogue.all[index]
    try TaskLaws.check(type.init(), type.example())
  }

  @Test("Data of which no task learns is refused by name")
  func foreignData() throws {
    let folder = NSTemporaryDirectory() + "condense-task-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try GlyphMaker(seed: 1, count: 100, difficulty: 0).write(to: folder, threads: 1)
    var options = DatasetOptions()
    options.cacheDirectory = nil
    let data = try Dataset.open(folder, options: options)
    #expect(try TaskCatalogue.task(of: data) is Classification)
    let boxes = data.records.map { record in
      Dataset.Record(path: record.path, annotation: .boxes([]), split: record.split, place: record.place)
    }
    func set(_ records: [Dataset.Record]) -> Dataset {
      Dataset(
        path: "boxes", classes: data.classes, records: records, digest: "",
        splitDescription: data.splitDescription, problems: [], messages: [], allowedAugmentations: nil,
        store: data.store, opener: nil, options: options)
    }
    #expect(try TaskCatalogue.task(of: set(boxes)) is ObjectDetection)
    #expect(
      errorMessage { _ = try TaskCatalogue.task(of: set([boxes[0], data.records[1]])) }
        == "boxes: no task learns from all of its annotations; expected images of one class each, or of boxes around things"
    )
  }

  @Test(
    "Boxes follow their images to another size, and other lists of classes; many things are named in short")
  func annotations() {
    let box = LabelledBox(label: 1, box: Box(left: 2, top: 4, right: 6, bottom: 8), isDifficult: true)
    #expect(
      Annotation.boxes([box]).scaled(across: 0.5, down: 2)
        == .boxes([
          LabelledBox(label: 1, box: Box(left: 1, top: 8, right: 3, bottom: 16), isDifficult: true)
        ]))
    #expect(Annotation.label(1).scaled(across: 0.5, down: 2) == .label(1))
    #expect(
      Annotation.boxes([box]).renumbered([3, 7]).classes == [7]
        && Annotation.label(0).renumbered([3]) == .label(3))
    let many = Annotation.boxes(Array(repeating: box, count: 12))
    #expect(many.words(["cat", "dog"]) == Array(repeating: "dog", count: 10).joined(separator: ", ") + ", …")
  }
}
