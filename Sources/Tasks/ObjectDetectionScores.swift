import Datasets
import Foundation
import Images
import Metrics
import Settings
import Tensors

/// The detections in a set of images, with the true boxes.
struct ObjectDetectionScores {
  /// The confidence from which `Finding` counts a box.
  private static let sure: Float = 0.5

  private let classes: Int
  private let decoding: Decoding
  private var found: [[Detection]] = []
  private var truth: [[LabelledBox]] = []
  /// By image, how many of its pixels as stored a pixel of the network is wide and high.
  private var scales: [(across: Float, down: Float)] = []
  private let input: (width: Float, height: Float)
  private(set) var isFinite = true

  /// Makes scores without images.
  init(_ heads: [Head]) {
    classes = heads[0].numbersPerAnchor - 1
    decoding = Decoding(heads)
    input = heads[0].anchors.map { ($0.width, $0.height) } ?? (1, 1)
  }

  /// Judges the images by a rule.
  func judged(by rule: AveragePrecision.Rule) -> AveragePrecision {
    AveragePrecision(found: found, truth: truth, classes: classes, by: rule)
  }
}

extension ObjectDetectionScores: TaskScores {
  var images: Int { truth.count }
  var loss: Double? { nil }
  /// The mean average precision by VOC's rule since 2010.
  var value: Double { judged(by: .voc2010).value }
  var details: any TaskDetails { DetectionDetails(judged(by: .voc2010)) }

  mutating func add(
    _ outputs: HeadOutputs, image: Int, truth annotation: Annotation, size: ImageSize?
  ) -> Finding {
    for head in outputs.heads.indices {
      let buffer = outputs.buffers[head]
      for i in outputs.row(of: image, head: head) where !buffer.floats[i].isFinite { isFinite = false }
    }
    let detections = decoding.detections(outputs, image: image)
    let things = annotation.things
    found.append(detections)
    truth.append(things)
    scales.append(
      size.map { (across: Float($0.width) / input.width, down: Float($0.height) / input.height) }
        ?? (1, 1))
    let said = detections.prefix(max(1, detections.count { $0.score >= Self.sure }))
    return Finding(
      said: .boxes(said.map { LabelledBox(label: $0.label, box: $0.box) }),
      confidence: Double(detections.first?.score ?? 0),
      isRight: Self.isRight(detections.filter { $0.score >= Self.sure }, things),
      confidences: said.map { Double($0.score) })
  }

  /// COCO's precision by the areas of things; a dash where there are none.
  private static func areas(_ measures: COCOMeasures) -> String {
    let parts = [("small", measures.small), ("medium", measures.medium), ("large", measures.large)]
      .map {
        "\($0) things " + ($1.map { String(format: "%.2f %%", 100 * $0) } ?? "–")
      }
    return "COCO's mAP of " + parts.joined(separator: ", ")
  }

  /// Returns true if the confident detections are exactly the true boxes, difficult ones aside.
  private static func isRight(_ found: [Detection], _ truth: [LabelledBox]) -> Bool {
    var left = truth
    for detection in found {
      let match = left.indices.filter {
        left[$0].label == detection.label && left[$0].box.overlap(with: detection.box) >= 0.5
      }.max { left[$0].box.overlap(with: detection.box) < left[$1].box.overlap(with: detection.box) }
      guard let match else { return false }
      if !left[match].isDifficult { left.remove(at: match) }
    }
    return left.allSatisfy(\.isDifficult)
  }

  /// COCO's figures, in the pixels of the images as stored.
  private var coco: COCOMeasures {
    func stored(_ box: Box, _ scale: (across: Float, down: Float)) -> Box {
      Box(
        left: box.left * scale.across, top: box.top * scale.down, right: box.right * scale.across,
        bottom: box.bottom * scale.down)
    }
    let found = zip(found, scales).map { found, scale in
      found.map { Detection(label: $0.label, box: stored($0.box, scale), score: $0.score) }
    }
    let truth = zip(truth, scales).map { things, scale in
      things.map { thing in
        var thing = thing
        thing.box = stored(thing.box, scale)
        return thing
      }
    }
    return COCOMeasures(found: found, truth: truth, classes: classes)
  }

  func report(classes names: [String]) -> TaskReport {
    let area = judged(by: .voc2010)
    let (points, measures) = (judged(by: .voc2007), coco)
    let coco = measures.precision ?? 0
    let perClass = area.perClass
    let boxes = area.classes.map { $0.boxCounts.reduce(0, +) }
    let rows = names.indices.map { label in
      SettingsNode(mapping: [
        "class": names[label].node, "boxes": boxes[label].node, "ap": perClass[label].node,
      ])
    }
    let width = max(1, min(30, names.map(\.count).max() ?? 0))
    return TaskReport(
      figures: SettingsNode(mapping: [
        "map": area.value.node, "map11Points": points.value.node, "mapCoco": coco.node,
        "coco": SettingsNode(mapping: [
          "ap": measures.precision.node, "ap50": measures.precision50.node,
          "ap75": measures.precision75.node,
          "apSmall": measures.small.node, "apMedium": measures.medium.node,
          "apLarge": measures.large.node,
          "ar1": measures.recall1.node, "ar10": measures.recall10.node,
          "ar100": measures.recall100.node,
          "arSmall": measures.smallRecall.node, "arMedium": measures.mediumRecall.node,
          "arLarge": measures.largeRecall.node,
        ]),
        "perClass": SettingsNode(.list(rows)),
      ]),
      line: String(
        format: "mAP@0.5 %.2f %% (%.2f %% by eleven points), COCO's mAP %.2f %%", 100 * area.value,
        100 * points.value, 100 * coco),
      lines: [Self.areas(measures), "average precision at an overlap of 0.5:"]
        + names.indices.map { label in
          let name = names[label].padding(toLength: width, withPad: " ", startingAt: 0)
          guard let precision = perClass[label] else { return "  \(name)  no boxes" }
          return "  \(name)  " + String(format: "%6.2f %%", 100 * precision) + "  of \(boxes[label]) boxes"
        })
  }
}
