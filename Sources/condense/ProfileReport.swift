import DNNL
import Datasets
import Execution
import Foundation
import Graphs
import Integers
import Metrics
import Readings
import Reports
import Settings
import Simulation
import Targets
import Tasks
import Tensors

/// The figures of one network on some targets, as text or JSON.
struct ProfileReport {
  /// The number of timed runs of an image for its latency, after the same number of warm-up runs.
  private static let runs = 25

  let name: String
  let rows: [(profile: TargetProfile, reading: Reading, outputs: [[Float]])]
  /// The task and the annotations of the simulated images; `nil` if they are unknown.
  private let truth: (task: any ImageTask, annotations: [Annotation])?
  private let graph: Graph
  /// True if values are integers, false if the program computes in floats.
  private let isOfIntegers: Bool

  /// Measures the network on every target.
  ///
  /// It is simulated if there is material, and otherwise estimated; on measured targets it runs on this
  /// machine, on one thread.
  init(_ graph: Graph, _ material: ProfileMaterial?, on profiles: [TargetProfile], name: String) throws {
    self.name = name
    truth = material?.truth
    self.graph = graph
    isOfIntegers = graph.hasEncodedValues
    let weightBytes = try TargetProfile.storedBytes(of: graph)
    let measured = profiles.contains { $0.basis == .measured } ? try Self.measuredLatencyMs(of: graph) : nil
    let meter = TargetMeter(.forCommands, cycleLimit: .infinity)
    rows = try profiles.map { profile in
      guard let material else {
        return (
          profile, try profile.estimate(graph, flashBytes: weightBytes, measuredLatencyMs: measured), []
        )
      }
      let (reading, outputs) = try meter.waitForReading(
        material.model, flashBytes: weightBytes, on: profile, images: material.images,
        measuredLatencyMs: measured)
      return (profile, reading, outputs)
    }
  }

  /// The median time of one image, in milliseconds.
  private static func measuredLatencyMs(of graph: Graph) throws -> Double {
    let backend = InferenceArithmetic(of: graph, floats: DNNLBackend()).backend
    let plan = try backend.compile(graph, PlanOptions(batch: 1, mode: .inference, threads: 1))
    let image = Array(repeating: Float(0.5), count: graph.inputs.reduce(0) { $0 + $1.shape.count })
    var times: [Double] = []
    for run in 0..<2 * runs {
      let start = DispatchTime.now().uptimeNanoseconds
      plan.forward(image.span, key: 0)
      if run >= runs { times.append(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6) }
    }
    return times.sorted()[runs / 2]
  }

  /// The metric of the simulated images; `nil` if they have no annotations or the metric is not a mean over
  /// images.
  private func metric(_ outputs: [[Float]]) -> (kind: MetricKind, value: Double)? {
    guard let truth, !outputs.isEmpty, let heads = try? truth.task.heads(of: graph, network: name) else {
      return nil
    }
    // A board returns the first head only.
    let said = HeadOutputs(Array(heads.prefix(1)), batch: outputs.count)
    said.buffers[0].withMutableFloats { values in
      for (image, outputs) in outputs.enumerated() {
        for (place, value) in zip(said.row(of: image), outputs) { values[place] = value }
      }
    }
    let parts = outputs.indices.compactMap {
      truth.task.contribution(said, image: $0, truth: truth.annotations[$0])
    }
    return parts.isEmpty ? nil : (truth.task.metric, parts.reduce(0, +) / Double(outputs.count))
  }
}

extension TargetMeter {
  /// The meter with which commands read targets.
  static var forCommands: TargetMeter { TargetMeter(.forCommands) }
}

extension SimulationRunner {
  /// The runner that keeps results in the cache of all commands, or in a temporary folder if there is no
  /// cache.
  static var forCommands: SimulationRunner {
    SimulationRunner(
      cacheFolder: DatasetOptions.defaultCacheDirectory() ?? NSTemporaryDirectory() + "condense-\(getuid())")
  }
}

extension ProfileReport {
  /// A table of targets; for a single target also its description, its layers, and the reason if the network
  /// does not fit.
  func text(width: Int) -> String {
    var lines = TextWrap.lines(name, width: width) + [""] + summary.lines(width: width)
    for row in rows {
      for remark in [row.reading.reason, row.reading.note].compactMap(\.self) {
        lines += TextWrap.lines("\(row.profile.name): \(remark)", width: width)
      }
    }
    if rows.count == 1, let row = rows.first {
      lines += [""] + TextWrap.lines(row.profile.title, width: width)
      lines +=
        details(row.profile, row.reading, row.outputs).flatMap { TextWrap.lines($0, width: width) } + [""]
      lines += layers(row.reading).lines(width: width)
    }
    return lines.joined(separator: "\n")
  }

  /// The resources for choosing students that some target reports, except the four with their own columns.
  private var others: [Resource] {
    Set(rows.flatMap(\.reading.resources)).subtracting([.flash, .ram, .latency, .energy])
      .filter { $0.standing != .detail }.sorted(by: Resource.isBefore)
  }

  private var summary: TextTable {
    let others = others
    var table = TextTable(
      columns: [
        TextTable.Column("target"), TextTable.Column("flash B", isNumber: true),
        TextTable.Column("RAM B", isNumber: true), TextTable.Column("ms", isNumber: true),
        TextTable.Column("from", isNumber: true), TextTable.Column("to", isNumber: true),
        TextTable.Column("µJ", isNumber: true),
      ] + others.map { TextTable.Column($0.title, isNumber: true) } + [
        TextTable.Column("basis", shrinksTo: 6), TextTable.Column("fits"),
      ])
    for (profile, reading, _) in rows {
      func whole(_ resource: Resource) -> String {
        reading[resource].map { "\(Int($0.value))" } ?? Quantity.missing
      }
      let latency = reading[.latency]
      table.rows.append(
        [profile.name, whole(.flash), whole(.ram)]
          + ([latency?.value, latency?.low, latency?.high, reading[.energy]?.value]
          + others.map { reading[$0]?.value }).map { $0.map(Self.short) ?? Quantity.missing }
          + [reading.basis, reading.fits ? "yes" : "no"])
    }
    return table
  }

  /// The agreement of the simulated outputs with the reference: exact for integers, approximate for floats.
  private func agreement(images: Int, unequal: Int) -> String {
    let reference = isOfIntegers ? "integer reference's" : "float reference's"
    guard unequal == 0 else {
      return "OUTPUTS DIFFER from the \(reference) on \(unequal) of \(images)"
    }
    return isOfIntegers
      ? "outputs equal the \(reference) on all \(images), bit for bit"
      : "outputs are within a ten-thousandth of the \(reference) on all \(images)"
  }

  /// The components of one target's figures, one on each line.
  private func details(_ profile: TargetProfile, _ reading: Reading, _ outputs: [[Float]]) -> [String] {
    var lines = ["latency by \(reading.method ?? reading.basis)"]
    if let cycles = reading[.cycles], let images = reading.imagesSimulated {
      let counts = [cycles.low ?? cycles.value, cycles.value, cycles.high ?? cycles.value].map(Self.grouped)
      lines.append(
        "cycles over \(images) image\(images == 1 ? "" : "s"): least \(counts[0]), mean \(counts[1]), "
          + "most \(counts[2])")
      lines.append(agreement(images: images, unequal: reading.imagesUnequal ?? 0))
    }
    if let (kind, value) = metric(outputs) {
      lines.append(
        "\(kind.name) on the simulated chip: \(Quantity.percent(value)) % of \(outputs.count) images")
    }
    if let memory = reading.memory {
      lines.append(
        "flash: weights \(GraphSummary.grouped(memory.weightBytes)), code \(GraphSummary.grouped(memory.codeBytes)) bytes"
      )
      lines.append(
        "RAM: values \(GraphSummary.grouped(memory.valueBytes)), variables \(memory.variableBytes), stack "
          + "\(memory.stackBytes), margin for interrupts \(memory.marginBytes) bytes")
    }
    if let energy = reading[.energy], let low = energy.low, let high = energy.high {
      lines.append(
        "energy: \(Self.short(low)) to \(Self.short(high)) µJ an inference; derived from "
          + "latency, so that it ranks networks as latency does")
    }
    if let day = reading[.energyPerDay]?.value, let rate = profile.framesPerSecond?.value {
      lines.append("a day at \(Self.short(rate)) images a second with sleep between: \(Self.short(day)) J")
    }
    return lines
  }

  private func layers(_ reading: Reading) -> TextTable {
    var table = TextTable(columns: [
      TextTable.Column("layer", shrinksTo: 12), TextTable.Column("kind"),
      TextTable.Column("bytes", isNumber: true), TextTable.Column("mult-adds", isNumber: true),
      TextTable.Column("cycles", isNumber: true), TextTable.Column("%", isNumber: true),
    ])
    let layers = reading.layers ?? []
    let all = layers.reduce(0) { $0 + $1.cycles }
    for layer in layers {
      table.rows.append([
        layer.name, layer.kind ?? "", layer.flashBytes.map(GraphSummary.grouped) ?? "",
        layer.multiplyAdds.map(GraphSummary.grouped) ?? "", Self.grouped(layer.cycles),
        all > 0 ? String(format: "%.1f", 100 * layer.cycles / all) : "",
      ])
    }
    return table
  }

  /// A number with three significant digits; from 100 to 1e9 with all digits before the point.
  private static func short(_ value: Double) -> String {
    (100..<1e9).contains(value) ? String(format: "%.0f", value) : String(format: "%.3g", value)
  }

  /// A count with separators; from 1e15 in three significant digits.
  private static func grouped(_ count: Double) -> String {
    count < 1e15 ? GraphSummary.grouped(Int(count.rounded())) : String(format: "%.3g", count)
  }
}

extension ProfileReport {
  /// The figures as JSON, schema 1.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "schema": 1.node, "model": name.node,
      "targets": SettingsNode(.list(rows.map { node($0.profile, $0.reading, $0.outputs) })),
    ])
  }

  private func node(_ profile: TargetProfile, _ reading: Reading, _ outputs: [[Float]]) -> SettingsNode {
    let layers = (reading.layers ?? []).map { layer in
      SettingsNode(mapping: [
        "name": layer.name.node, "kind": layer.kind.node, "flashBytes": layer.flashBytes.node,
        "multiplyAdds": layer.multiplyAdds.node, "cycles": layer.cycles.node,
      ])
    }
    let cycles = reading[.cycles].map {
      SettingsNode(mapping: ["min": $0.low.node, "mean": $0.value.node, "max": $0.high.node])
    }
    let others = others.compactMap { resource in
      reading[resource].map { figure in
        SettingsNode(mapping: [
          "name": resource.name.node, "title": resource.title.node, "unit": resource.unit.rawValue.node,
          "value": figure.value.node, "low": figure.low.node, "high": figure.high.node,
        ])
      }
    }
    func whole(_ resource: Resource) -> SettingsNode { reading[resource].map { Int($0.value) }.node }
    let (latency, energy) = (reading[.latency], reading[.energy])
    let scored = metric(outputs).map { SettingsNode(mapping: [$0.kind.key: $0.value.node]) }
    return SettingsNode(mapping: [
      "name": profile.name.node, "title": profile.title.node, "flashBytes": whole(.flash),
      "ramBytes": whole(.ram), "memory": (reading.memory.map(Self.node)).orNull,
      "latencyMs": (latency?.value).node, "energyMicrojoules": (energy?.value).node,
      "resources": SettingsNode(.list(others)),
      "basis": reading.basis.node, "method": reading.method.node, "low": (latency?.low).node,
      "high": (latency?.high).node, "energyLow": (energy?.low).node, "energyHigh": (energy?.high).node,
      "energyFactor": profile.energyFactor.value.node,
      "framesPerSecond": (profile.framesPerSecond?.value).node,
      "energyPerDayJoules": (reading[.energyPerDay]?.value).node, "cycles": cycles.orNull,
      "relativeError": reading.relativeError.node, "imagesSimulated": (reading.imagesSimulated ?? 0).node,
      "imagesUnequal": (reading.imagesUnequal ?? 0).node,
      "fits": reading.fits.node, "reason": reading.reason.node, "note": reading.note.node,
      "layers": SettingsNode(.list(layers)),
    ]).adding(scored ?? SettingsNode(.mapping([])))
  }

  private static func node(_ memory: Reading.Memory) -> SettingsNode {
    SettingsNode(mapping: [
      "weightBytes": memory.weightBytes.node, "codeBytes": memory.codeBytes.node,
      "valueBytes": memory.valueBytes.node, "variableBytes": memory.variableBytes.node,
      "stackBytes": memory.stackBytes.node, "marginBytes": memory.marginBytes.node,
    ])
  }
}

extension SettingsNode? {
  /// The node, or JSON's `null` if there is none.
  fileprivate var orNull: SettingsNode { self ?? SettingsNode(.null) }
}
