import Foundation
import Recipes
import Trials

/// The status of a comparison on a terminal: one line for the whole and one for each running trial.
struct ComparisonStatus {
  /// A running trial with its latest stage and epoch.
  struct Running {
    let spec: TrialSpec
    let began: ContinuousClock.Instant
    private(set) var stage = ""
    private(set) var epoch = ""

    init(_ spec: TrialSpec, began: ContinuousClock.Instant) {
      self.spec = spec
      self.began = began
    }

    /// Reads an output line of a trial, such as `stage 1 of 2: codebook` or `epoch 3/6: loss …`.
    mutating func hear(_ line: String) {
      guard let word = line.split(separator: " ").first else { return }
      switch word {
      case "stage": (stage, epoch) = (line, "")
      case "epoch": epoch = String(line.prefix { $0 != ":" && $0 != "," })
      default: (stage, epoch) = (line, "")
      }
    }

    /// The trial in words: `pruned, seed 1: stage 1 of 2: magnitude-pruning, epoch 3/6`.
    var text: String {
      let words = [stage, epoch].filter { !$0.isEmpty }.joined(separator: ", ")
      return "\(spec.name), seed \(spec.seed)" + (words.isEmpty ? "" : ": " + words)
    }
  }

  var total: Int
  var done = 0
  var failed = 0
  var notRun = 0
  var secondsLeft: Double?
  var best: (name: String, value: Double)?
  var running: [Running] = []

  /// The largest number of trials that are shown.
  private static let shownTrials = 8

  /// The lines, each of at most `width` characters.
  func lines(width: Int) -> [String] {
    let shown = running.sorted { ($0.spec.name, $0.spec.seed) < ($1.spec.name, $1.spec.seed) }
    var lines = [head(width)] + shown.prefix(Self.shownTrials).map { "  " + $0.text }
    if shown.count > Self.shownTrials { lines.append("  and \(shown.count - Self.shownTrials) more") }
    return lines.map { $0.count > width ? String($0.prefix(width - 1)) + "…" : $0 }
  }

  /// The first line: `[######              ] 12/57, 1 failed, 4 min left, best narrow 97.55 %`.
  private func head(_ width: Int) -> String {
    let settled = done + failed + notRun
    var words = "\(settled)/\(total)"
    if failed > 0 { words += ", \(failed) failed" }
    if let secondsLeft { words += ", about \(Self.words(secondsLeft)) left" }
    if let best { words += ", best \(best.name) \(String(format: "%.2f %%", best.value * 100))" }
    let room = min(20, width - words.count - 3)
    guard room >= 5 else { return words }
    let filled = room * settled / max(total, 1)
    return "[" + String(repeating: "#", count: filled) + String(repeating: " ", count: room - filled) + "] "
      + words
  }

  private static func words(_ seconds: Double) -> String {
    seconds < 90 ? "\(Int(seconds.rounded(.up))) s" : "\(Int((seconds / 60).rounded())) min"
  }
}
