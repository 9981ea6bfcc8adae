import Comparison
import Foundation
import Metrics
import Recipes
import Runs
import Synchronization
import Trials

/// The progress of a comparison: a line for each finished trial and, on a terminal, a status of the running
/// ones.
final class ComparisonProgress: Sendable {
  private struct State {
    var status: ComparisonStatus
    var running: [String: ComparisonStatus.Running] = [:]
    var pace = TrialPace()
    /// The planned trials that have not begun, by row and seed, with the number of times that a search
    /// repeats them.
    var waiting: [String: (spec: TrialSpec, repeats: Int)] = [:]
    /// The lines for the record that are not written yet.
    var pending = ""
    var drawnLines = 0
  }

  private let total: Int
  private let jobs: Int
  private let images: Int
  private let name: String
  private let directory: String
  private let folder: TrialFolder
  private let counts: (trials: Int, students: Int, controls: Int, seeds: Int)
  private let clock = ContinuousClock()
  private let state: Mutex<State>

  init(_ run: ComparisonRun) {
    total = run.plan.count
    jobs = run.jobs
    images = run.material.trainingImages
    name = run.recipe.name
    directory = run.options.directory
    folder = run.trials
    let controls = Set(run.plan.trials.filter { $0.role == .control }.map(\.name)).count
    let students = Set(run.plan.trials.filter { $0.role == .student }.map(\.name)).count
    counts = (total, students, controls, run.recipe.seeds.count)
    state = Mutex(State(status: ComparisonStatus(total: total)))
    state.withLock { state in
      for spec in run.plan.trials {
        state.waiting[Self.key(spec)] = (spec, run.plan.repeats(of: spec))
      }
    }
  }

  func announce() {
    Console.note(
      "\(name): \(counts.students.counted("student")), \(counts.controls.counted("control")), "
        + "\(counts.seeds.counted("seed")): \(total.counted("trial")), \(jobs.counted("job")), in \(directory)"
    )
  }

  func show(_ event: TrialEvent) {
    state.withLock { state in
      switch event {
      case .found(let spec):
        state.running[spec.address] = nil
        state.status.done += 1
        state.waiting[Self.key(spec)] = nil
        remember(spec, &state)
      case .rereading(let spec, let targets):
        state.running[spec.address] = ComparisonStatus.Running(spec, began: clock.now)
        state.pending += "\(title(spec)): read anew on \(targets.joined(separator: ", "))\n"
      case .started(let spec):
        state.running[spec.address] = ComparisonStatus.Running(spec, began: clock.now)
        state.waiting[Self.key(spec)] = nil
      case .said(let spec, let line):
        state.running[spec.address]?.hear(line)
      case .finished(let spec, let seconds):
        state.running[spec.address] = nil
        state.status.done += 1
        state.pace.add(spec, images: images, seconds: seconds)
        line(
          &state,
          "\(title(spec)): \(remember(spec, &state))\(seconds.formatted(.number.precision(.fractionLength(1)))) s"
        )
      case .retrying(let spec, let reason):
        state.running[spec.address] = nil
        line(&state, "\(title(spec)): failed, and is tried once more: \(reason)")
      case .failed(let spec, let reason):
        state.running[spec.address] = nil
        state.waiting[Self.key(spec)] = nil
        state.status.failed += 1
        line(&state, "\(title(spec)): failed: \(reason)")
      case .notRun(let spec, let reason):
        state.running[spec.address] = nil
        state.waiting[Self.key(spec)] = nil
        state.status.notRun += 1
        line(&state, "\(title(spec)): not run: \(reason)")
      }
      draw(&state)
    }
  }

  func finish() {
    state.withLock { state in
      Console.draw(clearing(state) + state.pending)
      (state.pending, state.drawnLines) = ("", 0)
    }
  }

  private static func key(_ spec: TrialSpec) -> String { "\(spec.role) \(spec.name) \(spec.seed)" }

  private func title(_ spec: TrialSpec) -> String { "\(spec.name), seed \(spec.seed)" }

  /// The result of a finished trial, as the beginning of its line.
  @discardableResult
  private func remember(_ spec: TrialSpec, _ state: inout State) -> String {
    guard spec.role.isRow, let directory = folder.directory(of: spec.address),
      let result = try? TrialResult.read(directory + "/" + TrialFolder.result)
    else { return "" }
    let (value, metric) = (result.accuracy.value, result.accuracy.metric)
    if spec.role == .student, state.status.best.map({ metric.isBetter(value, than: $0.value) }) ?? true {
      state.status.best = (spec.name, value)
    }
    let percent = String(format: "%.2f %%", value * 100)
    return "\(percent), \(result.size.codedBytes) bytes, "
  }

  private func line(_ state: inout State, _ text: String) {
    let settled = state.status.done + state.status.failed + state.status.notRun
    state.pending += "[\(settled)/\(total)] \(text)\n"
  }

  /// The control sequence that erases the drawn lines.
  private func clearing(_ state: State) -> String {
    state.drawnLines == 0
      ? "" : "\r\u{1B}[K" + String(repeating: "\u{1B}[1A\u{1B}[K", count: state.drawnLines - 1)
  }

  /// Writes the pending lines and, on a terminal, the status below them, in one write so that nothing
  /// flickers.
  private func draw(_ state: inout State) {
    var text = clearing(state) + state.pending
    (state.pending, state.drawnLines) = ("", 0)
    if Console.isTerminal {
      state.status.running = Array(state.running.values)
      state.status.secondsLeft = secondsLeft(state)
      let lines = state.status.lines(width: Console.width - 1)
      text += lines.joined(separator: "\r\n")
      state.drawnLines = lines.count
    }
    if !text.isEmpty { Console.draw(text) }
  }

  /// The forecast of the time that waiting and running trials still need; `nil` before the first trial is
  /// done.
  private func secondsLeft(_ state: State) -> Double? {
    var sum = 0.0
    for (spec, repeats) in state.waiting.values {
      guard let seconds = state.pace.seconds(for: spec, images: images) else { return nil }
      sum += seconds * Double(repeats)
    }
    for trial in state.running.values {
      guard let seconds = state.pace.seconds(for: trial.spec, images: images) else { return nil }
      sum += max(0, seconds - (clock.now - trial.began) / .seconds(1))
    }
    return sum / Double(jobs)
  }
}
