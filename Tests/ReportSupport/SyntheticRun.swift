import Foundation
import Images
import Metrics
import Readings
import Reports
import Tensors

@testable import Runs

/// A run as a comparison on small images leaves it, with all random numbers drawn from a seed.
///
/// It has a teacher, students of every family, controls, three seeds and three targets.
struct SyntheticRun {
  /// The properties of a student.
  struct Student {
    var name: String
    var role = TrialRole.student
    var methods: [String]
    var controlOf: [String] = []
    /// The loss of accuracy relative to the teacher.
    var accuracyLoss: Double
    var sizeShare: Double
    var codedShare: Double
    var multiplyAddShare: Double
    var bits: String
    var arithmetic = "float"
  }

  static let families = [
    "logits": "distillation", "attention": "distillation", "separable": "filters", "fire": "filters",
    "svd": "factorization", "tucker": "factorization", "channel-pruning": "pruning",
    "magnitude-pruning": "pruning", "integer": "quantization", "codebook": "quantization",
    "binary": "quantization", "power-of-two": "quantization",
  ]

  static let students = [
    Student(
      name: "channels-half-int8", methods: ["channel-pruning", "logits", "integer"], accuracyLoss: 0.006,
      sizeShare: 0.07, codedShare: 0.064, multiplyAddShare: 0.27, bits: "w8a8", arithmetic: "integer"),
    Student(
      name: "int8", methods: ["integer"], accuracyLoss: 0.001, sizeShare: 0.26, codedShare: 0.23,
      multiplyAddShare: 1, bits: "w8a8", arithmetic: "integer"),
    Student(
      name: "deep-compression", methods: ["magnitude-pruning", "codebook"], accuracyLoss: 0.003,
      sizeShare: 0.16, codedShare: 0.038, multiplyAddShare: 1, bits: "w4a32"),
    Student(
      name: "svd-rank-half", methods: ["svd"], accuracyLoss: 0.008, sizeShare: 0.55, codedShare: 0.5,
      multiplyAddShare: 0.58, bits: "w32a32"),
    Student(
      name: "tucker-int8", methods: ["tucker", "integer"], accuracyLoss: 0.011, sizeShare: 0.12,
      codedShare: 0.108, multiplyAddShare: 0.41, bits: "w8a8", arithmetic: "integer"),
    Student(
      name: "separable-distilled", methods: ["separable", "logits"], accuracyLoss: 0.014, sizeShare: 0.17,
      codedShare: 0.158, multiplyAddShare: 0.15, bits: "w32a32"),
    Student(
      name: "fire-attention", methods: ["fire", "attention"], accuracyLoss: 0.017, sizeShare: 0.21,
      codedShare: 0.195, multiplyAddShare: 0.24, bits: "w32a32"),
    Student(
      name: "small-distilled-int4", methods: ["logits", "integer"], accuracyLoss: 0.026, sizeShare: 0.021,
      codedShare: 0.019, multiplyAddShare: 0.08, bits: "w4a8", arithmetic: "simulated"),
    Student(
      name: "shift-net", methods: ["power-of-two"], accuracyLoss: 0.012, sizeShare: 0.15, codedShare: 0.11,
      multiplyAddShare: 1, bits: "w4a8", arithmetic: "integer"),
    Student(
      name: "binary-weights", methods: ["binary"], accuracyLoss: 0.058, sizeShare: 0.042, codedShare: 0.039,
      multiplyAddShare: 1, bits: "w1a8", arithmetic: "simulated"),
    Student(
      name: "small-from-scratch", role: .control, methods: [], controlOf: ["small-distilled-int4"],
      accuracyLoss: 0.034, sizeShare: 0.08, codedShare: 0.075, multiplyAddShare: 0.08, bits: "w32a32"),
    Student(
      name: "random-channels-half", role: .control, methods: ["channel-pruning"],
      controlOf: ["channels-half-int8"], accuracyLoss: 0.021, sizeShare: 0.27, codedShare: 0.25,
      multiplyAddShare: 0.27, bits: "w32a32"),
  ]

  var name = "cifar-small"
  var students = SyntheticRun.students
  var seeds: [UInt64] = [0, 1, 2]
  var classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
  var hasTargets = true

  private let teacher = Student(
    name: "teacher", role: .teacher, methods: [], accuracyLoss: 0, sizeShare: 1, codedShare: 0.93,
    multiplyAddShare: 1, bits: "w32a32")
  private static let teacherTop1 = 0.9172
  private static let teacherBytes = 1_093_000.0

  /// The report of the run.
  var report: RunReport {
    let rows = students.map(row).sorted { $0.accuracy.mean > $1.accuracy.mean }
    let everyone = [teacher] + students
    return RunReport(
      ranking: ranking(rows), trials: everyone.flatMap { student in seeds.map { trial(student, $0) } },
      curves: everyone.flatMap { student in seeds.map { curve(student, $0) } },
      recipe: "name: \(name)\nteacher: resnet20\nseeds: \(seeds.count)\nstudents:\n"
        + students.map { "  - name: \($0.name)\n" }.joined(),
      machine: ["AMD EPYC, 2 cores, AVX-512", "oneDNN 2.6.3"], families: Self.families)
  }

  private func ranking(_ rows: [Ranking.Row]) -> Ranking {
    let best = rows.first?.name ?? "nothing"
    let targets = hasTargets ? Self.targets.map(\.name) : []
    return Ranking(
      run: name, teacher: row(teacher), students: rows,
      comparisons: comparisons(rows),
      targets: Dictionary(
        uniqueKeysWithValues: targets.map { target in
          let front = rows.filter { $0.paretoOn.contains(target) }
          return (
            target,
            Ranking.TargetSummary(
              best: "best that fits: \(front.first?.name ?? "none")", front: front.map(\.name),
              hypervolume: 0.71, energyRanksAsLatency: target == "cortex-m4")
          )
        }),
      failed: [
        Ranking.Failure(
          name: "cp-rank-8", seed: 1,
          reason: "the loss is no number after epoch 3; lower training.rate from 0.1")
      ],
      notRun: [Ranking.Failure(name: "ternary", seed: 0, reason: "the time limit of 30 minutes was reached")],
      summary:
        "\(best) keeps most of the teacher's accuracy (91.72 %) at a fraction of its file, and is the best of "
        + "\(rows.count) rows by accuracy; on cortex-m4, channels-half-int8 is the best that fits.",
      notes: ["Energy on cortex-m4 ranks exactly as latency does: it is modelled as power times time."]
    ).deciding(margin: Ranking.defaultMargin)
  }

  private func comparisons(_ rows: [Ranking.Row]) -> [Ranking.Comparison] {
    rows.indices.flatMap { first in
      rows.indices.dropFirst(first + 1).map { second in
        let mean = rows[first].accuracy.mean - rows[second].accuracy.mean
        return Ranking.Comparison(
          first: rows[first].name, second: rows[second].name, mean: mean, low: mean - 0.0042,
          high: mean + 0.0042,
          pValue: seeds.count < 3 ? nil : min(1, exp(-mean * 900)), atLeast: mean - 0.0035)
      }
    }
  }

  /// An address of 64 hexadecimal digits, derived from a name and a seed.
  static func address(_ name: String, _ seed: UInt64) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(name)/\(seed)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: String(repeating: "0", count: 16 - digits.count) + digits, count: 4)
  }

  // MARK: Rows

  private func row(_ student: Student) -> Ranking.Row {
    let perSeed = seeds.map { top1(student, $0) }
    let mean = perSeed.reduce(0, +) / Double(perSeed.count)
    let variance = perSeed.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, perSeed.count - 1))
    let sd = perSeed.count > 1 ? variance.squareRoot() : nil
    let loss = mean - Self.teacherTop1
    return Ranking.Row(
      name: student.name, role: student.role.rawValue, methods: student.methods, controlOf: student.controlOf,
      seeds: seeds, indicative: seeds.count < 3,
      accuracy: Ranking.Row.Accuracy(
        metric: Top1Accuracy.kind, mean: mean, sd: sd, low: mean - 0.0031, high: mean + 0.0031,
        perSeed: perSeed,
        arithmetic: student.arithmetic),
      againstTeacher: student.role == .teacher
        ? nil
        : Ranking.Row.Difference(
          mean: loss, low: loss - 0.004, high: loss + 0.004,
          pValue: seeds.count < 3 ? nil : min(1, exp(loss * 700)), atLeast: loss - 0.0033),
      size: size(student), parameters: Int(272_474 * student.sizeShare),
      nonZeros: Int(270_000 * student.codedShare), multiplyAdds: multiplyAdds(student), bits: student.bits,
      targets: targets(student), paretoOn: fronts(student), cost: cost(student),
      warnings: student.name == "svd-rank-half" ? ["3 of 19 layers are too small to gain by a split"] : [],
      model: "trials/\(student.name)-s0-0123456789ab/student.condensed")
  }

  private func size(_ student: Student) -> TrialResult.Size {
    TrialResult.Size(
      fileBytes: Int(Self.teacherBytes * student.sizeShare),
      codedBytes: Int(Self.teacherBytes * student.codedShare))
  }

  private func multiplyAdds(_ student: Student) -> Int { Int(40_800_000 * student.multiplyAddShare) }

  private func cost(_ student: Student) -> TrialResult.Cost {
    TrialResult.Cost(trainingImages: student.role == .student ? 450_000 : 1_350_000, seconds: 61.4)
  }

  private static let targets = [
    (name: "cortex-m4", flash: 512_000, ram: 96_000, nanosecondsAMultiplyAdd: 9.4, microjoulesAMs: 32.0),
    (
      name: "raspberry-pi-4", flash: 4_000_000_000, ram: 1_000_000_000, nanosecondsAMultiplyAdd: 0.12,
      microjoulesAMs: 3_600
    ),
    (name: "uno", flash: 32_256, ram: 2_048, nanosecondsAMultiplyAdd: 620, microjoulesAMs: 79),
  ]

  private func targets(_ student: Student) -> [String: Reading] {
    guard hasTargets else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: Self.targets.map { target in
        let isInteger = student.bits.contains("a8")
        let latency =
          Double(multiplyAdds(student)) * target.nanosecondsAMultiplyAdd / 1e6 * (isInteger ? 0.31 : 1)
        let flash = size(student).fileBytes + 9_200
        let ram = isInteger ? 34_000 : 131_000
        let overflow = flash - target.flash
        let fits = overflow <= 0 && ram <= target.ram
        return (
          target.name,
          Reading(
            basis: target.name == "uno" ? .simulated : .modelled,
            [
              .flash: Figure(Double(flash)), .ram: Figure(Double(ram)),
              .latency: Figure(latency, low: latency * 0.7, high: latency * 1.4),
              .energy: Figure(latency * target.microjoulesAMs),
            ], fits: fits,
            reason: fits
              ? nil
              : overflow > 0
                ? "flash: \(overflow) bytes too many" : "RAM: \(ram - target.ram) bytes too many")
        )
      })
  }

  private func fronts(_ student: Student) -> [String] {
    let reachable = targets(student).filter(\.value.fits).keys.sorted()
    let isBeaten = students.contains { other in
      other.accuracyLoss < student.accuracyLoss && other.sizeShare < student.sizeShare
        && other.multiplyAddShare <= student.multiplyAddShare
    }
    return isBeaten || student.role == .teacher ? [] : reachable
  }

  // MARK: Trials

  private func random(_ student: Student, _ seed: UInt64, _ purpose: String) -> SeededRandom {
    SeededRandom(seed: seed, purpose: student.name + purpose)
  }

  private func top1(_ student: Student, _ seed: UInt64) -> Double {
    var random = random(student, seed, "top1")
    return Self.teacherTop1 - student.accuracyLoss + 0.004 * (Double.random(in: 0..<1, using: &random) - 0.5)
  }

  private func trial(_ student: Student, _ seed: UInt64) -> TrialResult {
    TrialResult(
      name: student.name, role: student.role, seed: seed,
      address: Self.address(student.name, seed), methods: student.methods,
      controlOf: student.controlOf, classes: classes, accuracy: accuracy(student, seed),
      validation: top1(student, seed) + 0.004, size: size(student),
      parameters: Int(272_474 * student.sizeShare), nonZeros: Int(270_000 * student.codedShare),
      multiplyAdds: multiplyAdds(student), bits: student.bits, targets: targets(student),
      cost: cost(student), stages: stages(student, seed), layers: layers(student),
      mistakes: mistakes(student, seed), warnings: [], model: "student.condensed", threads: 1,
      precision: "f32", instructionSet: "AVX-512")
  }

  private func accuracy(_ student: Student, _ seed: UInt64) -> TrialResult.Accuracy {
    var random = random(student, seed, "confusion")
    let images = 1_000
    let confusion = classes.indices.map { truth -> [Int] in
      var row = classes.indices.map { _ in Int.random(in: 0..<14, using: &random) }
      row[truth] = images - row.enumerated().reduce(0) { $0 + ($1.offset == truth ? 0 : $1.element) }
      return row
    }
    let right = classes.indices.reduce(0) { $0 + confusion[$1][$1] }
    let bits = (0..<(images * classes.count + 7) / 8).map { byte in
      (0..<8).reduce(UInt8(0)) { $0 | (byte * 8 + $1 < right ? 1 << UInt8($1) : 0) }
    }
    return TrialResult.Accuracy(
      ClassificationDetails(
        images: images * classes.count, top1: Double(right) / Double(images * classes.count), top5: 0.997,
        loss: 0.31, ece: 0.021,
        perClass: classes.indices.map { Double(confusion[$0][$0]) / Double(images) }, confusion: confusion,
        correct: Data(bits).base64EncodedString()), arithmetic: student.arithmetic)
  }

  private func stages(_ student: Student, _ seed: UInt64) -> [TrialResult.StageRecord] {
    let names = student.methods.isEmpty ? ["training"] : student.methods
    return names.enumerated().map { number, name in
      let share = Double(number + 1) / Double(names.count)
      func between(_ end: Double) -> Double { 1 + (end - 1) * share }
      return TrialResult.StageRecord(
        name: name, epochs: 10, validation: top1(student, seed) + 0.004 * (1 - share),
        fileBytes: Int(Self.teacherBytes * between(student.sizeShare)),
        multiplyAdds: Int(40_800_000 * between(student.multiplyAddShare)),
        nonZeros: Int(270_000 * between(student.codedShare)),
        energyMicrojoules: hasTargets ? 12_272 * between(student.multiplyAddShare * 0.31) : nil,
        warnings: name == "svd" ? ["3 of 19 layers are too small to gain by a split"] : [])
    }
  }

  private func layers(_ student: Student) -> [TrialResult.LayerRecord] {
    (0..<20).map { number in
      let stage = number / 7
      let bytes = number == 0 ? 1_728 : number == 19 ? 2_560 : 9_216 << (2 * stage)
      let multiplyAdds = number == 0 ? 442_368 : number == 19 ? 640 : 2_359_296
      return TrialResult.LayerRecord(
        name: number == 0
          ? "stem" : number == 19 ? "classifier" : "stage\(stage + 1).block\(number % 7).conv",
        kind: number == 19 ? "linear" : "conv2d",
        encoding: student.bits.hasPrefix("w8") ? "integer8" : "dense",
        bytesBefore: bytes, bytesAfter: Int(Double(bytes) * student.sizeShare),
        multiplyAddsBefore: multiplyAdds,
        multiplyAddsAfter: Int(Double(multiplyAdds) * student.multiplyAddShare))
    }
  }

  private func mistakes(_ student: Student, _ seed: UInt64) -> [TrialResult.Mistake] {
    var random = random(student, seed, "mistakes")
    return (0..<12).map { number in
      let truth = Int.random(in: classes.indices, using: &random)
      let side = 32
      let shift = Int.random(in: 0..<200, using: &random)
      let image = Image(
        width: side, height: side, channels: 3,
        pixels: (0..<side * side * 3).map { place in
          let (x, y) = (place / 3 % side, place / 3 / side)
          return UInt8(truncatingIfNeeded: (x * (place % 3 + 2) + y * 4 + shift) / 2)
        })
      return TrialResult.Mistake(
        file: "test/\(classes[truth])/\(1_000 + number).png", truth: classes[truth],
        predicted: classes[(truth + 1) % classes.count],
        confidence: Double.random(in: 0.4..<1, using: &random),
        png: Data((try? ImageEncoder.png(image)) ?? []).base64EncodedString())
    }
  }

  private func curve(_ student: Student, _ seed: UInt64) -> TrainingCurve {
    var random = random(student, seed, "curve")
    let stages = student.methods.isEmpty ? ["training"] : student.methods
    let epochs = stages.count * 10
    return TrainingCurve(
      name: student.name, seed: seed,
      epochs: (0..<epochs).map { number in
        let settled = 1 - exp(-Double(number + 1) / 6)
        let noise = 0.012 * (Double.random(in: 0..<1, using: &random) - 0.5)
        return EpochRecord(
          epoch: number % 10 + 1, stage: stages[number / 10], loss: 2.2 * (1 - settled) + 0.14 + noise,
          metric: Top1Accuracy.kind, value: 0.3 + 0.62 * settled,
          validationLoss: 2.0 * (1 - settled) + 0.27 + noise,
          validation: 0.35 + (top1(student, seed) - 0.35) * settled + noise, rate: 0.1 * (1 - settled))
      })
  }
}
