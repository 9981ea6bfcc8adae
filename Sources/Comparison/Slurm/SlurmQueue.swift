import Foundation
import Subprocess
import SystemPackage

/// The queue's programs, called on the command line; tests replace them.
protocol SlurmQueue: Sendable {
  /// Runs a program of Slurm and returns its output, or the reason of its failure.
  func run(_ program: String, _ arguments: [String]) async -> Result<String, SlurmFailure>
}

/// The reason why the queue gave no answer.
struct SlurmFailure: Error, CustomStringConvertible {
  let description: String
}

/// The installed Slurm.
struct InstalledSlurm: SlurmQueue {
  func run(_ program: String, _ arguments: [String]) async -> Result<String, SlurmFailure> {
    do {
      let result = try await Subprocess.run(
        .name(program), arguments: Arguments(arguments), output: .string(limit: 1 << 26),
        error: .string(limit: 1 << 16))
      guard case .exited(0) = result.terminationStatus else {
        let words = result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
        return .failure(SlurmFailure(description: "\(program): \(words.isEmpty ? "it failed" : words)"))
      }
      return .success(result.standardOutput)
    } catch {
      return .failure(
        SlurmFailure(description: "\(program): cannot be run: \(error); is Slurm installed here?"))
    }
  }
}

/// Parsers for the output of Slurm's programs.
enum SlurmAnswers {
  /// The number of the job in the output of `sbatch --parsable`: `123` or `123;cluster`.
  static func job(_ text: String) -> String? {
    let word = text.split(whereSeparator: \.isNewline).last?.split(separator: ";").first.map(String.init)
    let job = word?.trimmingCharacters(in: .whitespaces)
    return job.flatMap { $0.isEmpty || !$0.allSatisfy(\.isNumber) ? nil : $0 }
  }

  /// The tasks in the queue that have not ended, from the output of `squeue -h -r -o "%i %T"`.
  ///
  /// A waiting array is one line where `-r` does not split it: `12_[3-7,9%2]`.
  static func alive(_ text: String) -> Set<String> {
    var tasks: Set<String> = []
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      guard words.count >= 2, !ended.contains(String(words[1])) else { continue }
      tasks.formUnion(Self.tasks(String(words[0])))
    }
    return tasks
  }

  /// The last state of a task, from the output of `sacct -n -X -P -o State`, without the user who cancelled
  /// it.
  static func state(_ text: String) -> String? {
    text.split(whereSeparator: \.isNewline).last?.split(separator: " ").first.map(String.init)
  }

  /// The states of jobs that have ended.
  private static let ended: Set<String> = [
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "REVOKED",
    "TIMEOUT",
  ]

  private static func tasks(_ name: String) -> [String] {
    guard let open = name.firstIndex(of: "["), let close = name.lastIndex(of: "]"), open < close else {
      return [name]
    }
    let numbers = name[name.index(after: open)..<close].prefix { $0 != "%" }
    return numbers.split(separator: ",").flatMap { part -> [String] in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last, last - first < 1_000_000 else {
        return []
      }
      return (first...last).map { name[..<open] + "\($0)" }
    }
  }
}
