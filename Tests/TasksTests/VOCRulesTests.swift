import Datasets
import Metrics
import Tasks
import Tensors
import Testing

/// VOC's measures compared with a second implementation of the development kit's rules (VOCevaldet.m,
/// VOCap.m).
///
/// Edges are whole pixels from 1, with the last one included.
@Suite("VOC's measures")
struct VOCRulesTests {
  private struct Pixels {
    var (left, top, right, bottom): (Int, Int, Int, Int)
    var area: Int { (right - left + 1) * (bottom - top + 1) }
    var box: Box {
      Box(left: Float(left - 1), top: Float(top - 1), right: Float(right), bottom: Float(bottom))
    }
  }

  private struct Truth {
    var pixels: Pixels
    var isDifficult: Bool
    var isFound = false
  }

  private struct Found {
    var image: Int
    var pixels: Pixels
    var score: Float
  }

  /// The curve of one class.
  private static func curve(
    _ truth: [[Truth]], _ found: [Found]
  ) -> (recall: [Double], precision: [Double])? {
    var truth = truth
    let positives = truth.joined().filter { !$0.isDifficult }.count
    guard positives > 0 else { return nil }
    var (right, wrong) = (0, 0)
    var recall: [Double] = []
    var precision: [Double] = []
    // The kit sorts by descending confidence and keeps the order of equal ones.
    for one in found.enumerated().sorted(by: {
      $0.element.score != $1.element.score ? $0.element.score > $1.element.score : $0.offset < $1.offset
    }) {
      let (bb, image) = (one.element.pixels, one.element.image)
      var (ovmax, jmax) = (-Double.infinity, 0)
      for (j, gt) in truth[image].enumerated() {
        let bbgt = gt.pixels
        let iw = min(bb.right, bbgt.right) - max(bb.left, bbgt.left) + 1
        let ih = min(bb.bottom, bbgt.bottom) - max(bb.top, bbgt.top) + 1
        guard iw > 0, ih > 0 else { continue }
        let (own, its) = (bb.area, bbgt.area)
        let ua = own + its - iw * ih
        let ov = Double(iw * ih) / Double(ua)
        if ov > ovmax { (ovmax, jmax) = (ov, j) }
      }
      if ovmax >= 0.5 {
        if !truth[image][jmax].isDifficult {
          if truth[image][jmax].isFound { wrong += 1 } else { right += 1 }
          truth[image][jmax].isFound = true
        }
      } else {
        wrong += 1
      }
      recall.append(Double(right) / Double(positives))
      precision.append(right + wrong == 0 ? 0 : Double(right) / Double(right + wrong))
    }
    return (recall, precision)
  }

  private static func elevenPoints(_ recall: [Double], _ precision: [Double]) -> Double {
    var sum = 0.0
    for t in 0...10 {
      var best = 0.0
      for i in recall.indices where recall[i] >= Double(t) / 10 { best = max(best, precision[i]) }
      sum += best / 11
    }
    return sum
  }

  private static func area(_ recall: [Double], _ precision: [Double]) -> Double {
    let mrec: [Double] = [0] + recall + [1]
    var mpre: [Double] = [0] + precision + [0]
    for i in (0..<mpre.count - 1).reversed() { mpre[i] = max(mpre[i], mpre[i + 1]) }
    var sum = 0.0
    for i in 1..<mrec.count where mrec[i] != mrec[i - 1] { sum += (mrec[i] - mrec[i - 1]) * mpre[i] }
    return sum
  }

  private static func draw(_ random: inout SeededRandom) -> Pixels {
    let (left, top) = (1 + random.below(40), 1 + random.below(40))
    return Pixels(
      left: left, top: top, right: left + 3 + random.below(25), bottom: top + 3 + random.below(25))
  }

  @Test("500 random sets with difficult things and ties equal the kit's rules")
  func kit() {
    var random = SeededRandom(seed: 11, purpose: "voc")
    var seen = 0
    for _ in 0..<500 {
      var truth: [[Truth]] = []
      var found: [Found] = []
      for image in 0..<4 {
        let things = (0..<random.below(4)).map { _ in
          Truth(pixels: Self.draw(&random), isDifficult: random.below(4) == 0)
        }
        truth.append(things)
        for _ in 0..<random.below(6) {
          var pixels = Self.draw(&random)
          if let thing = things.first, random.below(3) > 0 {
            pixels = things[random.below(things.count)].pixels
            pixels.left = max(1, pixels.left + random.below(5) - 2)
            pixels.bottom += random.below(5)
            _ = thing
          }
          found.append(Found(image: image, pixels: pixels, score: Float(random.below(12)) / 12))
        }
      }
      guard let (recall, precision) = Self.curve(truth, found) else { continue }
      seen += 1
      let detections = (0..<4).map { image in
        found.filter { $0.image == image }.map { Detection(label: 0, box: $0.pixels.box, score: $0.score) }
      }
      let boxes = truth.map {
        $0.map { LabelledBox(label: 0, box: $0.pixels.box, isDifficult: $0.isDifficult) }
      }
      func value(_ rule: AveragePrecision.Rule) -> Double {
        AveragePrecision(found: detections, truth: boxes, classes: 1, by: rule).value
      }
      #expect(abs(value(.voc2007) - Self.elevenPoints(recall, precision)) < 1e-9)
      #expect(abs(value(.voc2010) - Self.area(recall, precision)) < 1e-9)
    }
    #expect(seen > 400)
  }
}
