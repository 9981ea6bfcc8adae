import Foundation
import Testing

@testable import ReportSupport
@testable import Reports
@testable import Runs

@Suite("Pictures of what accuracy costs")
struct PictureTests {
  /// Runs of every kind that a picture must support.
  static let runs: [(name: String, run: SyntheticRun)] = [
    ("usual", SyntheticRun()), ("hostile names", SyntheticRun.hostile),
    ("one student", changed { $0.students = Array($0.students.prefix(1)) }),
    (
      "sixty students",
      changed { run in run.students = (0..<60).map { student($0, loss: Double($0 % 13) * 0.004) } }
    ),
    ("equal accuracies", changed { run in run.students = (0..<12).map { student($0, loss: 0) } }),
    ("equal everything", changed { run in run.students = (0..<8).map { _ in student(3, loss: 0) } }),
    ("one collapsed", changed { $0.students[2].accuracyLoss = 0.8172 }),
    (
      "long names",
      changed { run in
        for place in run.students.indices {
          run.students[place].name += String(repeating: "-and-more", count: 9)
        }
      }
    ),
  ]

  private static func changed(_ change: (inout SyntheticRun) -> Void) -> SyntheticRun {
    var run = SyntheticRun()
    change(&run)
    return run
  }

  private static func student(_ number: Int, loss: Double) -> SyntheticRun.Student {
    let share = pow(0.93, Double(number))
    return SyntheticRun.Student(
      name: "student-\(number)", methods: [["svd", "integer", "logits", "fire"][number % 4]],
      accuracyLoss: loss,
      sizeShare: share, codedShare: share, multiplyAddShare: share, bits: "w8a8")
  }

  static func pictures(of report: RunReport) -> [TradeoffPicture] {
    report.targets.flatMap { target in
      PictureMeasure.onTarget(report.resources(of: target)).flatMap { measure in
        [(860.0, 480.0), (356.0, 400.0)].compactMap { width, height in
          TradeoffPicture(report, measure, target: target, width: width, height: height)
        }
      }
    }
  }

  @Test("No label lies on another, on a point or over the edge; no point is outside", arguments: runs.indices)
  func labels(number: Int) {
    for picture in Self.pictures(of: Self.runs[number].run.report) {
      for (place, label) in picture.labels.enumerated() {
        #expect(picture.plot.contains(label.box), "\(label.text)")
        for other in picture.labels.dropFirst(place + 1) {
          #expect(!label.box.intersects(other.box), "\(label.text) on \(other.text)")
        }
        for point in picture.points {
          #expect(
            !label.box.intersects(PictureBox(around: point.place.x, point.place.y, reach: 5)), "\(label.text)"
          )
        }
      }
      for point in picture.points {
        #expect(picture.plot.contains(PictureBox(around: point.place.x, point.place.y, reach: 2)))
      }
      #expect(PictureText.width(PictureSVG(picture).heading, size: 14) <= picture.width - 32)
      let ticks = picture.across.ticks.map(picture.across.share)
      #expect(!ticks.isEmpty && ticks.allSatisfy { (0...1).contains($0) })
    }
  }

  @Test(
    "Every student and the teacher is drawn; a collapsed one under the cut and named", arguments: runs.indices
  )
  func everyone(number: Int) {
    let report = Self.runs[number].run.report
    let expected = report.rows.filter { $0.role != "control" }.count
    for picture in Self.pictures(of: report) {
      #expect(picture.points.count { $0.row.role != "control" } == expected)
    }
    guard Self.runs[number].name == "one collapsed" else { return }
    for picture in Self.pictures(of: report) {
      #expect(picture.points.filter(\.isBelow).map(\.row.name) == ["deep-compression"])
      #expect(picture.labels.contains { $0.text.hasPrefix("deep-compression 10") })
    }
  }

  @Test(
    "The front holds exactly the students that none beats, and is named where there is room",
    arguments: runs.indices)
  func front(number: Int) {
    for picture in Self.pictures(of: Self.runs[number].run.report) {
      let students = picture.points.filter { $0.isStudent && $0.fits && !$0.isBelow }
      for student in students {
        let isBeaten = students.contains { other in
          (other.value <= student.value && other.percent > student.percent)
            || (other.value < student.value && other.percent >= student.percent)
        }
        let isOn = picture.front.contains { ($0.value, $0.percent) == (student.value, student.percent) }
        #expect(isOn == !isBeaten, "\(student.row.name)")
      }
    }
  }

  @Test(
    "A row's family is that of what changed its network, not what goes with every row",
    arguments: [
      (["integer"], "quantization"), (["logits"], "distillation"), (["logits", "integer"], "distillation"),
      (["channel-pruning", "logits", "integer"], "pruning"), (["svd", "integer"], "factorization"),
      (["separable", "channel-pruning"], "combined"), (["unheard-of", "integer"], "other"), ([], "other"),
    ])
  func family(_ methods: [String], _ family: String) throws {
    let run = Self.changed { $0.students[0].methods = methods }
    let report = run.report
    let row = try #require(report.ranking.students.first { $0.name == run.students[0].name })
    #expect(PictureFamily.of(row, in: report).name == family)
  }

  @Test("The file is closed, the same each time, and loads nothing", arguments: runs.indices)
  func file(number: Int) {
    let report = Self.runs[number].run.report
    let text = report.picture
    #expect(text == Self.runs[number].run.report.picture)
    #expect(!text.contains("url(") && !text.contains("href"))
    #expect(text.contains("prefers-color-scheme: dark"))
    let opened = text.matches(of: /<(svg|g|text|title|style)[ >]/).count
    #expect(opened == text.matches(of: /<\/(svg|g|text|title|style)>/).count)
  }

  @Test("Spans of eight times and more have a logarithmic axis; ticks keep their distance")
  func axis() {
    for most in [1.0, 1.001, 1.5, 7.9, 8, 12, 95, 4_000, 3e9] {
      let axis = PictureAxis(over: [2, 2 * most], length: 300, gap: 60)
      #expect(axis.isLogarithmic == (most >= 8))
      #expect(axis.ticks.count > 0)
      let places = axis.ticks.map { axis.share($0) * 300 }
      #expect(zip(places, places.dropFirst()).allSatisfy { $1 - $0 > 59.9 }, "\(most): \(places)")
    }
  }

  @Test("A run without targets is drawn against its files, one without students says so")
  func less() {
    var run = SyntheticRun()
    run.hasTargets = false
    #expect(run.report.picture.contains("Accuracy against file, entropy-coded"))
    run.students = []
    #expect(run.report.picture.contains("no student to draw"))
  }
}
