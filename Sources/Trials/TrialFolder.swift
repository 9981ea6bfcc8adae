import Foundation
public import Runs
package import Settings
import Tensors

/// The folder that holds all trials of a run.
public struct TrialFolder: Sendable {
  /// The folder's path.
  public let path: String

  /// Takes a folder at a path.
  public init(path: String) { self.path = path }

  /// The file that marks a trial with a row as finished; it is written last.
  public static let result = "result.json"
  /// The name of the student's file.
  public static let student = "student.condensed"
  /// The name of the teacher's file.
  public static let teacher = "teacher.safetensors"
  /// The file of the network's structure, with batch norms, after the last stage that changes it.
  public static let structure = "structure.json"
  /// The file of the teacher's logits.
  public static let logits = "logits.bin"
  /// The network of a candidate for others to start from, before its weights were encoded.
  static let trained = "trained.safetensors"
  /// The file of the trial's specification.
  public static let specification = "spec.json"

  /// The directory of a trial by its address, whatever its name; `nil` without one.
  public func directory(of address: String) -> String? {
    let suffix = "-" + address.prefix(12)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.min().map { path + "/" + $0 }
  }

  private struct Engine: Decodable {
    var engine: Int
  }

  /// Messages about finished trials of other engine revisions, which stay but are not used.
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
        + "\(TrialSpec.engineRevision): \(count == 1 ? "it stays" : "they stay"), and the trials of the recipe are run again"
    }
  }

  /// The name of the file that marks a trial of a role as finished.
  static func proof(of role: TrialRole) -> String {
    switch role {
    case .teacher, .student, .control: result
    case .logits: logits
    case .candidate: CandidateResult.fileName
    }
  }

  /// The place where a trial is filled and lies when it is finished.
  public func place(of spec: TrialSpec) -> TrialDirectory {
    TrialDirectory(
      in: path, name: spec.name, seed: spec.seed, address: spec.address, proof: Self.proof(of: spec.role))
  }

  /// True if a trial's directory, whatever its name, holds the file that marks it as finished.
  public func isDone(_ spec: TrialSpec) -> Bool {
    guard let directory = directory(of: spec.address) else { return false }
    return FileManager.default.fileExists(atPath: directory + "/" + Self.proof(of: spec.role))
  }

  /// The directory of a finished trial that another one needs; throws if it is missing.
  func required(_ address: String) throws -> String {
    guard let directory = directory(of: address) else {
      throw TrialError.missingTrial(address: address, folder: path)
    }
    return directory
  }

  /// The structure of a finished trial's network.
  package func structure(of address: String) throws -> SettingsNode {
    let path = try required(address) + "/" + Self.structure
    return try SettingsNode(contentsOf: path)
  }

  /// The result of a finished candidate.
  package func candidate(_ address: String) throws -> CandidateResult {
    try CandidateResult.read(try required(address) + "/" + CandidateResult.fileName)
  }

  /// A finished teacher's metric on validation images; `nil` without such images.
  package func validation(ofTeacher address: String) throws -> Double? {
    try TrialResult.read(try required(address) + "/" + Self.result).validation
  }

  /// Writes a file completely or not at all.
  static func write(_ bytes: [UInt8], to path: String) throws {
    do throws(SystemError) {
      try WholeFile.write(bytes, to: path)
    } catch {
      throw TrialError.unwritable(path: path, reason: "\(error)")
    }
  }
}
