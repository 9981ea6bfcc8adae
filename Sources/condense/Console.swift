import CProcess
import Foundation
import Settings

/// Where words go: results to standard output, progress and messages to standard error.
enum Console {
  /// Whether standard error is a terminal: then bars may be drawn.
  static let isTerminal = condense_is_terminal(2) == 1

  /// Columns of the terminal: at least 40, 80 where it is none or does not say.
  static var width: Int {
    let columns = Int(condense_terminal_columns())
    return columns > 0 ? max(40, columns) : 80
  }

  /// A line of a result; where it cannot be written (a full disk), the command has failed and ends.
  static func print(_ text: String) {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      Self.error("standard output: cannot be written: \(FileFailure.reason(error, path: "/dev/stdout"))")
      exit(CommandFailure.Status.internal.rawValue)
    }
  }

  /// A line of progress or advice.
  static func note(_ text: String) { draw(text + "\n") }

  /// Progress or advice as it is; where it cannot be written, the work goes on without.
  static func draw(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// What went wrong.
  static func error(_ text: String) {
    note("condense: " + text)
  }
}
