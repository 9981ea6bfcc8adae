import Dispatch
import Foundation

/// Ends the process at Ctrl-C or SIGTERM, after removing unfinished files.
final class SignalCleanup {
  private let sources: [any DispatchSourceSignal]

  /// Handles both signals until `end()`; `work` runs on a separate thread while the process continues.
  init(_ work: @escaping @Sendable () -> Void) {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        work()
        _exit(128 + number)
      }
      source.activate()
      return source
    }
  }

  /// Restores the default handling of the signals.
  func end() {
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}
