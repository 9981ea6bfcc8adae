import Dispatch
import Foundation
import Synchronization

// SAFETY: `sources` is written in `init` alone, before any handler runs; the rest is atomic.
/// Ctrl-C and SIGTERM as a request that a loop checks; a second Ctrl-C ends the process at once.
final class StopSignals: @unchecked Sendable {
  private let received = Atomic<Int32>(0)
  private let sources: [any DispatchSourceSignal]

  /// Handles both signals for the rest of the process's life.
  init() {
    var sources: [any DispatchSourceSignal] = []
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      sources.append(DispatchSource.makeSignalSource(signal: number, queue: .global()))
    }
    self.sources = sources
    for (source, number) in zip(sources, [SIGINT, SIGTERM]) {
      source.setEventHandler { [self] in receive(number) }
      source.activate()
    }
  }

  private func receive(_ number: Int32) {
    let (isFirst, earlier) = received.compareExchange(
      expected: 0, desired: number, ordering: .sequentiallyConsistent)
    if !isFirst && number == SIGINT { _exit(128 + earlier) }
  }

  /// True if the loop should stop.
  var isStopping: Bool { received.load(ordering: .relaxed) != 0 }

  /// The exit code of the received signal.
  var status: CommandFailure.Status {
    received.load(ordering: .relaxed) == SIGTERM ? .terminated : .interrupted
  }
}
