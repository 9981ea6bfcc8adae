import Datasets
import Foundation
import Training

/// Says once that a training on several threads would be faster on one, where other programs keep the cores busy.
///
/// Threads that share a step wait for each other, and one that has lost its core holds up all. It looks at how much of the
/// machine others use over the first second of steps; only where that is a quarter of a core or more does it train three steps on one
/// thread, on the side, and compares. The training itself stays as it is: its threads decide the last bits of its sums.
final class BusyMachine {
  /// The cores that others must use, on average, before one thread is tried.
  private static let leastOthers = 0.25
  /// How much shorter a step must be on one thread to be worth a word.
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

  /// For a training; `loader` makes one of the same batches for the steps on the side.
  init(_ setup: Trainer.Setup, loader: @escaping () throws -> Loader) {
    self.setup = setup
    self.loader = loader
    isDone = setup.threads < 2
  }

  /// Told after every step; gives the words once they are known to be true.
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

  /// The median of a few steps that nothing is kept of.
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

/// Seconds that cores were busy, as Linux counts them.
private struct CPUTime {
  /// For other processes than this one.
  let others: Double

  /// The counts so far; `nil` where the system does not tell.
  static func now() -> CPUTime? {
    guard let machine = numbers("/proc/stat", after: "cpu "), machine.count >= 8,
      let own = numbers("/proc/self/stat", after: ") "), own.count >= 13
    else { return nil }
    // user, nice, system, idle, waiting for disks, interrupts, …; of this process user and system are fields 14 and 15.
    let busy = machine[0...2].reduce(0, +) + machine[5...6].reduce(0, +)
    return CPUTime(others: (busy - own[11] - own[12]) / Double(sysconf(Int32(_SC_CLK_TCK))))
  }

  /// The numbers of the first line behind a mark; what is no number counts as 0.
  private static func numbers(_ path: String, after mark: String) -> [Double]? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      let line = text.split(separator: "\n").first, let range = line.range(of: mark, options: .backwards)
    else { return nil }
    return line[range.upperBound...].split(separator: " ").map { Double($0) ?? 0 }
  }
}
