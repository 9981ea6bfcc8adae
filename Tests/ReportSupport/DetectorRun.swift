import Foundation
import Images
import Metrics
import Reports
import Tensors

@testable import Runs

extension SyntheticRun {
  /// The report of a run of detectors: what was found in forty images with two boxes of each class, and pictures.
  static var detectorReport: RunReport {
    var report = SyntheticRun().report
    for place in report.trials.indices {
      let trial = report.trials[place]
      let skill = 0.55 + 0.4 * Double(place % 7) / 7
      report.trials[place].accuracy.details = DetectionDetails(
        judged(classes: trial.classes.count, skill: skill, seed: UInt64(place)))
      report.trials[place].pictures = (0..<4).map { picture($0, classes: trial.classes.count) }
    }
    for row in report.ranking.students.indices {
      report.ranking.students[row].accuracy.metric = AveragePrecision.kind
    }
    return report
  }

  /// Detectors that find a box with a probability of `skill`, and else something wrong; of the last class there are no boxes.
  private static func judged(classes: Int, skill: Double, seed: UInt64) -> AveragePrecision {
    var random = SeededRandom(seed: seed, purpose: "detections")
    let images = 40
    let all = (0..<classes).map { label in
      var one = AveragePrecision.Class(thresholds: 1)
      guard label < classes - 1 else { return one }
      one.boxImages = Array(0..<images)
      one.boxCounts = Array(repeating: 2, count: images)
      for rank in 0..<2 * images {
        one.images.append(rank % images)
        // The surer, the better.
        let chance =
          skill + (1 - skill) * (1 - Double(rank) / Double(2 * images)) - 0.1 * Double(label % 3)
        one.verdicts[0].append(Double(random.uniform()) < chance ? .right : .wrong)
      }
      return one
    }
    return AveragePrecision(images: images, classes: all, by: .voc2010)
  }

  private static func picture(_ number: Int, classes: Int) -> TrialResult.Picture {
    let (width, height) = (96, 72)
    let image = Image(
      width: width, height: height, channels: 3,
      pixels: (0..<width * height * 3).map { place in
        let (x, y) = (place / 3 % width, place / 3 / width)
        return UInt8(truncatingIfNeeded: 60 + (x * (place % 3 + 1) + y * 2 + 40 * number) / 3)
      })
    let things = (0...number % 3).map { thing in
      TrialResult.Picture.Thing(
        label: (number + thing) % classes, left: Double(4 + 28 * thing),
        top: Double(6 + 12 * thing),
        right: Double(30 + 30 * thing), bottom: Double(34 + 15 * thing))
    }
    let found = things.dropLast(number % 2).map { thing in
      var found = thing
      (found.left, found.bottom, found.confidence) = (thing.left + 2, thing.bottom + 3, 0.93)
      return found
    }
    return TrialResult.Picture(
      file: "JPEGImages/00\(number).png", width: width, height: height,
      png: Data((try? ImageEncoder.png(image)) ?? []).base64EncodedString(), truth: things,
      found: Array(found))
  }
}
