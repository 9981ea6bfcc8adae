import CProcess
import Foundation
import Settings
import Synchronization

/// The output of commands: results go to standard output, progress and messages to standard error.
enum Console {
  /// True while nothing is printed, as on all ranks of a training but the first.
  static let isSilent = Atomic(false)

  /// True if standard error is a terminal, on which progress may be redrawn.
  static let isTerminal = condense_is_terminal(2) == 1

  /// The columns of the terminal, at least 40; 80 if there is no terminal or its size is unknown.
  static var width: Int {
    let columns = Int(condense_terminal_columns())
    return columns > 0 ? max(40, columns) : 80
  }

  /// Prints a line of a result; if it cannot be written, as on a full disk, the process ends with an internal
  /// failure.
  static func print(_ text: String) {
    guard !isSilent.load(ordering: .relaxed) else { return }
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      Self.error("standard output: cannot be written: \(FileFailure.reason(error, path: "/dev/stdout"))")
      exit(CommandFailure.Status.internal.rawValue)
    }
  }

  /// Writes a line of progress or advice to standard error.
  static func note(_ text: String) { draw(text + "\n") }

  /// Writes text to standard error unchanged; if that fails, the work continues.
  static func draw(_ text: String) {
    guard !isSilent.load(ordering: .relaxed) else { return }
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Writes an error message.
  static func error(_ text: String) {
    note("condense: " + text)
  }
}
