import Foundation
import Settings
import Tensors

/// The folder in which the trials of a run lie side by side.
public struct TrialFolder: Sendable {
  /// Its path.
  public let path: String

  /// A folder at a path.
  public init(path: String) { self.path = path }

  /// The file whose presence says that a trial is done; it is written last.
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

  /// Writes a file whole or not at all.
  static func write(_ bytes: [UInt8], to path: String) throws(TrialError) {
    do throws(SystemError) {
      try WholeFile.write(bytes, to: path)
    } catch {
      throw .unwritable(path: path, reason: "\(error)")
    }
  }
}
