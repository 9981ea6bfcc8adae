import DNNL
import Execution
import Foundation
import Graphs
import Reports
import Settings
import Targets
import Tensors

/// Estimates of one network on some targets, as text or JSON.
struct ProfileReport {
  /// How often an image is computed to measure its latency, after as many runs to warm up.
  private static let runs = 25

  let name: String
  let rows: [(profile: TargetProfile, estimate: TargetEstimate)]

  /// Estimates on every target; on measured ones the network is run on this machine, on one thread.
  init(_ graph: Graph, on profiles: [TargetProfile], name: String) throws {
    self.name = name
    let weightBytes = try TargetProfile.storedBytes(of: graph)
    let measured = profiles.contains { $0.basis == .measured } ? try Self.measuredLatencyMs(of: graph) : nil
    rows = try profiles.map { profile in
      (profile, try profile.estimate(graph, flashBytes: weightBytes, measuredLatencyMs: measured))
    }
  }

  /// The median time of one image.
  private static func measuredLatencyMs(of graph: Graph) throws -> Double {
    let plan = try DNNLBackend().compile(graph, PlanOptions(batch: 1, mode: .inference, threads: 1))
    let image = Array(repeating: Float(0.5), count: graph.inputs.reduce(0) { $0 + $1.shape.count })
    var times: [Double] = []
    for run in 0..<2 * runs {
      let start = DispatchTime.now().uptimeNanoseconds
      plan.forward(image.span, key: 0)
      if run >= runs { times.append(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6) }
    }
    return times.sorted()[runs / 2]
  }
}

extension ProfileReport {
  /// A table of targets; for one target also what it is, its layers, and why the network does not fit.
  func text(width: Int) -> String {
    var lines = TextWrap.lines(name, width: width) + [""] + summary.lines(width: width)
    for row in rows where row.estimate.reason != nil {
      lines += TextWrap.lines("\(row.profile.name): \(row.estimate.reason ?? "")", width: width)
    }
    if rows.count == 1, let row = rows.first {
      lines += ["", row.profile.title, ""] + layers(row.estimate).lines(width: width)
    }
    return lines.joined(separator: "\n")
  }

  private var summary: TextTable {
    var table = TextTable(columns: [
      TextTable.Column("target"), TextTable.Column("flash B", isNumber: true),
      TextTable.Column("RAM B", isNumber: true), TextTable.Column("ms", isNumber: true),
      TextTable.Column("from", isNumber: true), TextTable.Column("to", isNumber: true),
      TextTable.Column("µJ", isNumber: true), TextTable.Column("basis", shrinksTo: 6),
      TextTable.Column("fits"),
    ])
    for (profile, estimate) in rows {
      table.rows.append(
        [profile.name, "\(estimate.flashBytes)", "\(estimate.ramBytes)"]
          + [estimate.latencyMs, estimate.low, estimate.high, estimate.energyMicrojoules].map(Self.short)
          + [estimate.basis.rawValue, estimate.fits ? "yes" : "no"])
    }
    return table
  }

  private func layers(_ estimate: TargetEstimate) -> TextTable {
    var table = TextTable(columns: [
      TextTable.Column("layer", shrinksTo: 12), TextTable.Column("kind"),
      TextTable.Column("bytes", isNumber: true), TextTable.Column("mult-adds", isNumber: true),
      TextTable.Column("cycles", isNumber: true),
    ])
    for layer in estimate.layers {
      table.rows.append([
        layer.name, layer.kind, GraphSummary.grouped(layer.flashBytes),
        GraphSummary.grouped(layer.multiplyAdds),
        GraphSummary.grouped(Int(layer.cycles.rounded())),
      ])
    }
    return table
  }

  /// Three digits.
  private static func short(_ value: Double) -> String {
    value >= 100 ? String(format: "%.0f", value) : String(format: "%.3g", value)
  }
}

extension ProfileReport {
  /// The estimates as JSON, schema 1.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "schema": 1.node, "model": name.node,
      "targets": SettingsNode(.list(rows.map { Self.node($0.profile, $0.estimate) })),
    ])
  }

  private static func node(_ profile: TargetProfile, _ estimate: TargetEstimate) -> SettingsNode {
    let layers = estimate.layers.map { layer in
      SettingsNode(mapping: [
        "name": layer.name.node, "kind": layer.kind.node, "flashBytes": layer.flashBytes.node,
        "multiplyAdds": layer.multiplyAdds.node, "cycles": layer.cycles.node,
      ])
    }
    return SettingsNode(mapping: [
      "name": profile.name.node, "title": profile.title.node, "flashBytes": estimate.flashBytes.node,
      "ramBytes": estimate.ramBytes.node, "latencyMs": estimate.latencyMs.node,
      "energyMicrojoules": estimate.energyMicrojoules.node, "basis": estimate.basis.rawValue.node,
      "low": estimate.low.node, "high": estimate.high.node, "energyFactor": profile.energyFactor.value.node,
      "fits": estimate.fits.node, "reason": estimate.reason.node, "layers": SettingsNode(.list(layers)),
    ])
  }
}
