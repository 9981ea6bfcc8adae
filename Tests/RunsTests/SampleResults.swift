import Foundation
import Metrics
import Readings

@testable import Runs

/// Results that a trial could have left, with the values that a test sets.
enum SampleResults {
  /// An address of 64 hexadecimal digits, derived from a name and a seed.
  static func address(_ name: String, _ seed: UInt64) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(name)/\(seed)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    let padded = String(repeating: "0", count: 16 - digits.count) + digits
    return String(repeating: padded, count: 4)
  }

  /// The accuracy on two alternating classes, with the predictions right as `right` says.
  static func accuracy(_ right: [Bool], arithmetic: String = "float") -> TrialResult.Accuracy {
    var confusion = [[0, 0], [0, 0]]
    for (image, isRight) in right.enumerated() {
      confusion[image % 2][isRight ? image % 2 : 1 - image % 2] += 1
    }
    let top1 = Double(right.count { $0 }) / Double(right.count)
    return TrialResult.Accuracy(
      ClassificationDetails(
        images: right.count, top1: top1, top5: 1, loss: 0.25, ece: 0.02,
        perClass: confusion.enumerated().map { Double($1[$0]) / Double(max(1, $1[0] + $1[1])) },
        confusion: confusion, correct: ClassificationDetails.text(of: right)), arithmetic: arithmetic)
  }

  static func reading(
    flash: Int = 1000, ram: Int = 500, ms: Double = 2, energy: Double = 8, fits: Bool = true
  ) -> Reading {
    Reading(
      basis: .modelled,
      [
        .flash: Figure(Double(flash)), .ram: Figure(Double(ram)),
        .latency: Figure(ms, low: ms / 2, high: ms * 2), .energy: Figure(energy),
      ], fits: fits, reason: fits ? nil : "flash: 10 bytes too many")
  }

  static func result(
    _ name: String, seed: UInt64, right: [Bool], role: TrialRole = .student, controlOf: [String] = [],
    fileBytes: Int = 1000, targets: [String: Reading] = ["uno": reading()],
    arithmetic: String = "float"
  ) -> TrialResult {
    TrialResult(
      name: name, role: role, seed: seed, address: address(name, seed),
      methods: role == .student ? ["pruning"] : [], controlOf: controlOf, classes: ["cat", "dog"],
      accuracy: accuracy(right, arithmetic: arithmetic), validation: 0.9,
      size: TrialResult.Size(fileBytes: fileBytes, codedBytes: fileBytes), parameters: 100, nonZeros: 90,
      multiplyAdds: 1234, bits: "w32a32", targets: targets,
      cost: TrialResult.Cost(trainingImages: 10_000, seconds: 1.5),
      stages: [
        TrialResult.StageRecord(
          name: "pruning", epochs: 2, validation: 0.9, fileBytes: fileBytes, multiplyAdds: 1234,
          nonZeros: 90,
          energyMicrojoules: nil, warnings: [])
      ],
      layers: [
        TrialResult.LayerRecord(
          name: "conv1", kind: "conv2d", encoding: "dense", bytesBefore: 400, bytesAfter: 200,
          multiplyAddsBefore: 2000, multiplyAddsAfter: 1234)
      ],
      mistakes: [
        TrialResult.Mistake(file: "a/1.png", truth: "cat", predicted: "dog", confidence: 0.7, png: "AAAA")
      ], warnings: [], model: "student.condensed", threads: 1, precision: "f32", instructionSet: "avx512")
  }

  /// True for all images except every `step`-th, from `offset` on.
  static func right(of images: Int = 200, wrongEvery step: Int, from offset: Int = 0) -> [Bool] {
    (0..<images).map { ($0 + offset) % step != 0 }
  }

  /// The file of a result in schema 1, in which classification was the only task and no figure named its
  /// metric.
  static func before(_ result: TrialResult) throws -> Data {
    let json = try JSONSerialization.jsonObject(with: result.json()) as? [String: Any]
    var object = json ?? [:]
    object["schema"] = 1
    object["validationTop1"] = object.removeValue(forKey: "validation")
    var accuracy = object["accuracy"] as? [String: Any] ?? [:]
    for key in ["task", "metric"] { accuracy[key] = nil }
    object["accuracy"] = accuracy
    object["stages"] = (object["stages"] as? [[String: Any]] ?? []).map { stage in
      var stage = stage
      stage["validationTop1"] = stage.removeValue(forKey: "validation")
      return stage
    }
    return try JSONSerialization.data(withJSONObject: object)
  }

  /// The same trial as that of a detector.
  static func detector(_ result: TrialResult, _ judged: AveragePrecision) -> TrialResult {
    var result = result
    result.accuracy = TrialResult.Accuracy(DetectionDetails(judged), arithmetic: "float")
    return result
  }

  static func finished(_ result: TrialResult) -> FinishedTrial {
    FinishedTrial(
      result: result,
      directory: "trials/" + TrialDirectory.name(of: result.name, seed: result.seed, address: result.address))
  }
}

/// A temporary folder that is removed with its last reference.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path() + "condense-runs-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a finished trial's directory under `run/trials`; returns its path relative to the run.
  @discardableResult
  func place(_ result: TrialResult, run: String = "", epochs: String? = nil) throws -> String {
    let name = TrialDirectory.name(of: result.name, seed: result.seed, address: result.address)
    let folder = "\(path)/\(run)/trials/\(name)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try result.write(to: folder + "/result.json")
    if let epochs { try Data(epochs.utf8).write(to: URL(filePath: folder + "/metrics.jsonl")) }
    return "trials/" + name
  }
}
