import Foundation
import Metrics
import Training

/// The progress of a training on standard error: a line that is redrawn on a terminal, and one line for each
/// epoch.
final class ProgressLine {
  private let clock = ContinuousClock()
  private var lastDrawn: ContinuousClock.Instant?
  private let began: ContinuousClock.Instant
  private var firstUpdate: Int?
  private let isTerminal: Bool
  private let width: Int
  private static let interval: Duration = .milliseconds(100)

  init(isTerminal: Bool = Console.isTerminal, width: Int = Console.width) {
    self.isTerminal = isTerminal
    self.width = width
    began = clock.now
  }

  /// Draws the line, at most ten times a second.
  func show(_ step: TrainingObserver.Step) {
    if firstUpdate == nil { firstUpdate = step.progress.updates - 1 }
    guard isTerminal, lastDrawn.map({ clock.now - $0 >= Self.interval }) ?? true else { return }
    lastDrawn = clock.now
    let done = step.progress.updates - (firstUpdate ?? 0)
    let remaining = step.stepsPerEpoch * step.epochs - step.progress.updates
    let elapsed = Double((clock.now - began).components.seconds)
    let left = elapsed * Double(remaining) / Double(max(done, 1))
    draw(Self.text(step, secondsLeft: left, width: width - 1))
  }

  /// Writes the line of an epoch.
  func show(_ epoch: EpochMetrics, of epochs: Int) {
    clear()
    Console.note(Self.text(epoch, of: epochs))
  }

  /// Erases the line.
  func clear() {
    if isTerminal, lastDrawn != nil { draw("") }
    lastDrawn = nil
  }

  private func draw(_ text: String) {
    Console.draw("\r\u{1B}[K" + text)
  }

  /// The progress within an epoch, in at most `width` columns.
  ///
  /// For example `epoch 3/10 [####    ] loss 0.123 top-1 97.8 % 12345 images/s 1:23 left`.
  static func text(_ step: TrainingObserver.Step, secondsLeft: Double, width: Int) -> String {
    let sums = step.progress.sums
    let images = Double(max(sums.images, 1))
    let head = "epoch \(step.progress.epoch + 1)/\(step.epochs) "
    let metric =
      sums.metric.map { " \(step.metric.name) " + String(format: "%.1f %%", 100 * $0 / images) } ?? ""
    let tail =
      String(format: " loss %.3f", sums.loss / images) + metric
      + String(format: " %.0f images/s ", sums.seconds > 0 ? images / sums.seconds : 0)
      + clockText(secondsLeft) + " left"
    let room = min(30, width - head.count - tail.count - 2)
    guard room >= 3 else { return String((head + tail.dropFirst()).prefix(width)) }
    let filled = room * step.progress.step / max(step.stepsPerEpoch, 1)
    let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: room - filled)
    return head + "[" + bar + "]" + tail
  }

  /// The line of an epoch.
  ///
  /// For example
  /// `epoch 3/10: loss 0.1234, top-1 97.81 %, validation 98.02 % (loss 0.0712), 12345 images/s, 4.9 s`.
  static func text(_ epoch: EpochMetrics, of epochs: Int) -> String {
    var text = String(format: "epoch %d/%d: loss %.4f", epoch.epoch, epochs, epoch.loss)
    if let value = epoch.value { text += ", \(epoch.metric.name) " + String(format: "%.2f %%", 100 * value) }
    if let validation = epoch.validation {
      text += String(format: ", validation %.2f %%", 100 * validation)
      if let loss = epoch.validationLoss { text += String(format: " (loss %.4f)", loss) }
    }
    return text + String(format: ", %.0f images/s, %.1f s", epoch.imagesPerSecond, epoch.seconds)
  }

  /// A duration as `1:05` or `2:03:04`.
  static func clockText(_ seconds: Double) -> String {
    let total = Int(min(max(seconds, 0), 1e8).rounded())
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    return hours > 0
      ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
  }
}
