import Foundation
import Metrics
import Reports
import Settings
import Trials

/// The output of `condense sensitivity`.
struct SensitivityReport {
  let model: String
  let data: String
  let split: String
  let method: String
  let criterion: String?
  let metric: MetricKind
  let images: Int
  let notes: [String]
  let refusals: [LayerSensitivity.Refusal]
  /// The judgement of the unpruned model.
  let whole: LayerSensitivity.Judgement
  let curves: [SensitivityCurve]

  /// The layer with the greatest mean loss over its curve; the first one of a tie.
  var worst: SensitivityCurve? {
    func loss(_ curve: SensitivityCurve) -> Double {
      curve.points.reduce(0) { $0 + metric.shortfall(of: $1.value) } / Double(max(1, curve.points.count))
    }
    return curves.max { loss($0) < loss($1) }
  }

  private var sparsities: [Double] { curves.first?.points.map(\.sparsity) ?? [] }

  /// A table of layers by shares, with the metric in percent.
  func text(width: Int) -> String {
    // A longer title does not fit over a few columns.
    let title = sparsities.count < 5 ? "gone" : "share of the layer that is gone"
    let shares = sparsities.map { share in
      TextTable.Column(
        String(format: "%g", share), isNumber: true, group: title)
    }
    var table = TextTable(
      columns: [TextTable.Column(""), TextTable.Column("layer", shrinksTo: 8)] + shares)
    for curve in curves {
      table.rows.append(
        [curve == worst ? "*" : "", curve.name]
          + curve.points.map { $0.value > 0.9995 ? "100" : String(format: "%.1f", 100 * $0.value) })
    }
    let loss = whole.loss.map { String(format: ", loss %.4f", $0) } ?? ""
    let head =
      "\(metric.name) in % on \(images.counted("image")) (\(split)), each layer pruned alone by \(method)"
      + (criterion.map { " (\($0))" } ?? "") + ", nothing trained; whole: "
      + String(format: "%.1f", 100 * whole.value) + loss
    var lines = TextWrap.lines(head, width: width) + [""] + table.lines(width: width)
    lines.append("")
    lines += TextWrap.lines(
      "* loses most, on average over its row"
        + (curves.contains { $0.layers.count > 1 } ? "; +N: tied layers, pruned together" : ""),
      width: width)
    var reasons: [(reason: String, layers: [String])] = []
    for refusal in refusals {
      if let place = reasons.firstIndex(where: { $0.reason == refusal.reason }) {
        reasons[place].layers.append(refusal.layer)
      } else {
        reasons.append((refusal.reason, [refusal.layer]))
      }
    }
    for (reason, layers) in reasons {
      lines += TextWrap.lines("not pruned: \(layers.joined(separator: ", ")): \(reason)", width: width)
    }
    return lines.joined(separator: "\n")
  }

  /// One line for each point, the unpruned model first.
  var csv: String {
    func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    var text = CSVRecord.line(["layer", "tied", "sparsity", "loss", metric.key])
    text += CSVRecord.line(["", "", "0", number(whole.loss), number(whole.value)])
    for curve in curves {
      for point in curve.points {
        text += CSVRecord.line([
          curve.layers[0], curve.layers.dropFirst().joined(separator: " "), "\(point.sparsity)",
          number(point.loss), number(point.value),
        ])
      }
    }
    return text
  }

  /// The curves as an SVG file.
  var picture: String {
    let worst = worst
    return CurvePicture(
      title: "What each layer alone can lose", across: "share of the layer that is gone",
      metric: metric.name,
      curves: curves.map { curve in
        CurvePicture.Curve(
          name: curve.name,
          points: [(0, whole.value)] + curve.points.map { ($0.sparsity, $0.value) }, isMarked: curve == worst)
      }, width: 860, height: 480
    ).file
  }

  /// The report as JSON.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "schema": 1.node, "model": model.node, "data": data.node, "split": split.node, "images": images.node,
      "method": method.node, "criterion": criterion.node, "metric": metric.key.node, "notes": notes.node,
      "whole": SettingsNode(mapping: ["loss": whole.loss.node, metric.key: whole.value.node]),
      "worst": (worst?.layers[0]).node,
      "layers": SettingsNode(
        .list(
          curves.map { curve in
            SettingsNode(mapping: [
              "layers": curve.layers.node,
              "points": SettingsNode(
                .list(
                  curve.points.map { point in
                    SettingsNode(mapping: [
                      "sparsity": point.sparsity.node, "loss": point.loss.node, metric.key: point.value.node,
                    ])
                  })),
            ])
          })),
      "untouched": SettingsNode(
        .list(
          refusals.map { SettingsNode(mapping: ["layer": $0.layer.node, "reason": $0.reason.node]) })),
    ])
  }
}
