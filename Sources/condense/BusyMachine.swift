import Datasets
import Foundation
import Training

/// Reports once that a training on several threads would be faster on one thread, because other programs use
/// the cores.
///
/// Threads that share a step wait for each other, so one thread that has lost its core delays all of them.
/// This class measures the load of other processes over the first second of steps. If it is at least a
/// quarter of a core, it trains three extra steps on one thread with a second trainer and compares the times.
/// The training itself keeps its threads, because their number decides the last bits of its sums.
final class BusyMachine {
  /// The number of cores that other programs must use, on average, before one thread is tried.
  private static let leastOthers = 0.25
  /// The largest ratio of a step's time on one thread to its time on all threads that is reported.
  private static let leastGain = 0.8
  private static let span = 1.0
  private static let fewestSteps = 6
  private static let triedSteps = 4

  private let setup: Trainer.Setup
  private let loader: () throws -> Loader
  private let clock = ContinuousClock()
  private var ends: [ContinuousClock.Instant] = []
  private var start: CPUTime?
  private var isDone: Bool

  /// Creates the observer of a training; `loader` makes a loader of the same batches for the extra steps.
  init(_ setup: Trainer.Setup, loader: @escaping () throws -> Loader) {
    self.setup = setup
    self.loader = loader
    isDone = setup.threads < 2 || setup.ranks.count > 1
  }

  /// Records the end of a step; returns the message once, when the comparison has shown that one thread is
  /// faster.
  func afterStep() -> String? {
    guard !isDone else { return nil }
    ends.append(clock.now)
    guard let start else {
      start = CPUTime.now()
      isDone = start == nil
      return nil
    }
    let seconds = (clock.now - ends[0]).inSeconds
    guard ends.count >= Self.fewestSteps, seconds >= Self.span else { return nil }
    isDone = true
    guard let now = CPUTime.now(), now.others - start.others >= Self.leastOthers * seconds,
      let single = try? secondsOnOneThread()
    else { return nil }
    let step = Self.median(ends)
    guard single < Self.leastGain * step else { return nil }
    return
      "other programs keep this machine busy: a step takes \(Self.milliseconds(step)) on \(setup.threads) threads "
      + "and \(Self.milliseconds(single)) on one; --threads 1 would be faster (with other last bits)"
  }

  /// The median time of a few steps on one thread, whose results are discarded.
  private func secondsOnOneThread() throws -> Double {
    var setup = setup
    setup.threads = 1
    var ends: [ContinuousClock.Instant] = []
    let trainer = try Trainer(
      setup, training: loader(), observer: TrainingObserver(step: { [clock] _ in ends.append(clock.now) }))
    _ = try trainer.run(shouldStop: { ends.count >= Self.triedSteps })
    return Self.median(ends)
  }

  private static func median(_ ends: [ContinuousClock.Instant]) -> Double {
    let steps = zip(ends.dropFirst(), ends).map { ($0 - $1).inSeconds }.sorted()
    return steps.isEmpty ? .infinity : steps[steps.count / 2]
  }

  private static func milliseconds(_ seconds: Double) -> String {
    String(format: "%.0f ms", seconds * 1000)
  }
}

/// The time that cores were busy, in seconds, as Linux counts it.
private struct CPUTime {
  /// The time that processes other than this one used.
  let others: Double

  /// Reads the present counts; `nil` if the system does not provide them.
  static func now() -> CPUTime? {
    guard let machine = numbers("/proc/stat", after: "cpu "), machine.count >= 8,
      let own = numbers("/proc/self/stat", after: ") "), own.count >= 13
    else { return nil }
    // `/proc/stat` counts user, nice, system, idle, I/O wait, interrupts, …; user and system of this process
    // are fields 14 and 15.
    let busy = machine[0...2].reduce(0, +) + machine[5...6].reduce(0, +)
    return CPUTime(others: (busy - own[11] - own[12]) / Double(sysconf(Int32(_SC_CLK_TCK))))
  }

  /// The numbers that follow a mark in a file's first line; a word that is not a number counts as 0.
  private static func numbers(_ path: String, after mark: String) -> [Double]? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      let line = text.split(separator: "\n").first, let range = line.range(of: mark, options: .backwards)
    else { return nil }
    return line[range.upperBound...].split(separator: " ").map { Double($0) ?? 0 }
  }
}
