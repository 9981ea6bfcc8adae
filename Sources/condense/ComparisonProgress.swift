import Comparison
import Foundation
import Recipes
import Runs
import Synchronization

/// Tells how a comparison goes: a line a trial, and on a terminal what is running now.
final class ComparisonProgress: Sendable {
  private struct State {
    var running: [String: (spec: TrialSpec, said: String)] = [:]
    var done = 0
    var failed = 0
    var notRun = 0
    var pace = TrialPace()
    var waiting: [String: TrialSpec] = [:]
    var best: (name: String, top1: Double)?
    var isDrawn = false
  }

  private let total: Int
  private let jobs: Int
  private let images: Int
  private let name: String
  private let directory: String
  private let folder: TrialFolder
  private let counts: (trials: Int, students: Int, controls: Int, seeds: Int)
  private let state = Mutex(State())

  init(_ run: ComparisonRun) {
    total = run.plan.trials.count
    jobs = run.jobs
    images = run.material.trainingImages
    name = run.recipe.name
    directory = run.options.directory
    folder = TrialFolder(path: run.options.trials ?? directory + "/" + Ledger.trialsFolder)
    let controls = Set(run.plan.trials.filter { $0.role == .control }.map(\.name)).count
    counts = (total, run.recipe.students.count, controls, run.recipe.seeds.count)
    state.withLock { state in
      for spec in run.plan.trials { state.waiting[spec.address] = spec }
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
        state.done += 1
        state.waiting[spec.address] = nil
        remember(spec, &state)
      case .started(let spec):
        state.running[spec.address] = (spec, "")
        state.waiting[spec.address] = nil
      case .said(let spec, let line):
        state.running[spec.address]?.said = line
      case .finished(let spec, let seconds):
        state.running[spec.address] = nil
        state.done += 1
        state.pace.add(spec, images: images, seconds: seconds)
        line(
          &state,
          "\(title(spec)): \(remember(spec, &state))\(seconds.formatted(.number.precision(.fractionLength(1)))) s"
        )
      case .failed(let spec, let reason):
        state.running[spec.address] = nil
        state.waiting[spec.address] = nil
        state.failed += 1
        line(&state, "\(title(spec)): failed: \(reason)")
      case .notRun(let spec, let reason):
        state.running[spec.address] = nil
        state.waiting[spec.address] = nil
        state.notRun += 1
        line(&state, "\(title(spec)): not run: \(reason)")
      }
      draw(&state)
    }
  }

  func finish() { state.withLock { clear(&$0) } }

  private func title(_ spec: TrialSpec) -> String { "\(spec.name), seed \(spec.seed)" }

  /// What a finished trial found, as the beginning of its line.
  @discardableResult
  private func remember(_ spec: TrialSpec, _ state: inout State) -> String {
    guard spec.role != .logits, let directory = folder.directory(of: spec.address),
      let result = try? TrialResult.read(directory + "/" + TrialFolder.result)
    else { return "" }
    if spec.role == .student, result.accuracy.top1 > state.best?.top1 ?? 0 {
      state.best = (spec.name, result.accuracy.top1)
    }
    let percent = String(format: "%.2f %%", result.accuracy.top1 * 100)
    return "\(percent), \(result.size.codedBytes) bytes, "
  }

  private func line(_ state: inout State, _ text: String) {
    clear(&state)
    let settled = state.done + state.failed + state.notRun
    Console.note("[\(settled)/\(total)] \(text)")
  }

  private func clear(_ state: inout State) {
    guard state.isDrawn else { return }
    Console.draw("\r\u{1B}[K")
    state.isDrawn = false
  }

  private func draw(_ state: inout State) {
    guard Console.isTerminal else { return }
    clear(&state)
    var text = "\(state.done)/\(total)"
    if state.failed > 0 { text += ", \(state.failed) failed" }
    if let left = secondsLeft(state) { text += ", \(left) left" }
    if let best = state.best { text += ", best \(best.name) \(String(format: "%.2f %%", best.top1 * 100))" }
    let running = state.running.values.map(\.spec.name).sorted().joined(separator: ", ")
    if !running.isEmpty { text += ", now " + running }
    Console.draw(String(text.prefix(Console.width - 1)))
    state.isDrawn = true
  }

  private func secondsLeft(_ state: State) -> String? {
    let expected = state.waiting.values.map { state.pace.seconds(for: $0, images: images) }
    guard !expected.isEmpty, expected.allSatisfy({ $0 != nil }) else { return nil }
    let seconds = expected.compactMap { $0 }.reduce(0, +) / Double(jobs)
    return seconds < 90 ? "\(Int(seconds)) s" : "\(Int(seconds / 60)) min"
  }
}
