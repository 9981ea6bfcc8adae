import Foundation
public import Runs
package import Settings
import Tensors

/// The folder in which the trials of a run lie side by side.
public struct TrialFolder: Sendable {
  /// Its path.
  public let path: String

  /// A folder at a path.
  public init(path: String) { self.path = path }

  /// The file whose presence says that a trial which is a row is done; it is written last.
  public static let result = "result.json"
  /// The student's file.
  public static let student = "student.condensed"
  /// The teacher's file.
  public static let teacher = "teacher.safetensors"
  /// The network's structure after the last stage that changes it, with batch norms.
  public static let structure = "structure.json"
  /// The teacher's logits.
  public static let logits = "logits.bin"
  /// What the trial is a function of.
  public static let specification = "spec.json"

  /// The directory of a trial by its address, whatever it is called; `nil` where there is none.
  public func directory(of address: String) -> String? {
    let suffix = "-" + address.prefix(12)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.min().map { path + "/" + $0 }
  }

  private struct Engine: Decodable {
    var engine: Int
  }

  /// What to say of finished trials that another revision of the engine made: they stay, and are not taken for this one's.
  public var messages: [String] {
    var counts: [Int: Int] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where !name.hasPrefix(".")
    {
      let specification = path + "/" + name + "/" + Self.specification
      guard let data = FileManager.default.contents(atPath: specification),
        let engine = (try? JSONDecoder().decode(Engine.self, from: data))?.engine,
        engine != TrialSpec.engineRevision
      else { continue }
      counts[engine, default: 0] += 1
    }
    return counts.sorted { $0.key < $1.key }.map { engine, count in
      "\(path): \(count == 1 ? "a finished trial is" : "\(count) finished trials are") of engine revision \(engine), this is "
        + "\(TrialSpec.engineRevision): \(count == 1 ? "it stays" : "they stay"), and what the recipe asks for is run anew"
    }
  }

  /// The file whose presence says that a trial is done.
  static func proof(of role: TrialRole) -> String {
    switch role {
    case .teacher, .student, .control: result
    case .logits: logits
    case .candidate: CandidateResult.fileName
    }
  }

  /// Where a trial is filled and lies when it is done.
  public func place(of spec: TrialSpec) -> TrialDirectory {
    TrialDirectory(
      in: path, name: spec.name, seed: spec.seed, address: spec.address, proof: Self.proof(of: spec.role))
  }

  /// Whether a trial's directory holds what it is to leave, whatever the directory is called.
  public func isDone(_ spec: TrialSpec) -> Bool {
    guard let directory = directory(of: spec.address) else { return false }
    return FileManager.default.fileExists(atPath: directory + "/" + Self.proof(of: spec.role))
  }

  /// The directory of a finished trial that another needs.
  func required(_ address: String) throws -> String {
    guard let directory = directory(of: address) else {
      throw TrialError.missingTrial(address: address, folder: path)
    }
    return directory
  }

  /// The structure that a finished trial's network has.
  package func structure(of address: String) throws -> SettingsNode {
    let path = try required(address) + "/" + Self.structure
    return try SettingsNode(contentsOf: path)
  }

  /// What a finished candidate was found to be.
  package func candidate(_ address: String) throws -> CandidateResult {
    try CandidateResult.read(try required(address) + "/" + CandidateResult.fileName)
  }

  /// The metric of a finished teacher on validation images; `nil` where there are none.
  package func validation(ofTeacher address: String) throws -> Double? {
    try TrialResult.read(try required(address) + "/" + Self.result).validation
  }

  /// Writes a file whole or not at all.
  static func write(_ bytes: [UInt8], to path: String) throws {
    do throws(SystemError) {
      try WholeFile.write(bytes, to: path)
    } catch {
      throw TrialError.unwritable(path: path, reason: "\(error)")
    }
  }
}
