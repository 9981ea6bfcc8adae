import Dispatch
import Foundation

/// Ends the process at Ctrl-C or SIGTERM, after it has removed what it has under way.
final class SignalCleanup {
  private let sources: [any DispatchSourceSignal]

  /// Takes over both signals until `end`; `work` runs on a thread of its own beside whatever the process is doing.
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

  /// Gives the signals back.
  func end() {
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}
