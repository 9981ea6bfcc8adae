import Datasets
import Encodings
import Execution
import Export
import Graphs
import Integers
import Ops
import Settings
import Readings
import Runs
import Simulation
import Targets
import Tensors

/// Reads a trial's network on the targets of its specification.
struct TrialReadings {
  /// The number of images on which cycles are counted and outputs compared; fewer where the target is slow.
  static let simulatedImages = 20
  /// The number for networks of floats.
  ///
  /// They take several times as long to simulate, and the same path for every image.
  static let simulatedFloatImages = 2
  /// The number of runs on the host whose median is the latency.
  private static let hostRuns = 50

  private let spec: TrialSpec
  private let environment: TrialEnvironment
  private let data: TrialData

  init(_ spec: TrialSpec, _ environment: TrialEnvironment, data: TrialData) {
    self.spec = spec
    self.environment = environment
    self.data = data
  }

  /// The readings of a loaded student on some targets, simulated on images of a split where that is possible.
  ///
  /// Readings of a finished network also hold those with its zeros stored and multiplied.
  func readings(
    of model: Model, fileBytes: Int, on targets: [String], images split: Split = .test,
    isFinished: Bool = true
  ) throws -> [String: Reading] {
    // Gated networks take another path for each image.
    let isAlike = !model.graph.hasEncodedValues && GatedWork(model.graph).gates.isEmpty
    let count = isAlike ? Self.simulatedFloatImages : Self.simulatedImages
    let images = environment.meter == nil ? [] : try images(count, of: split)
    var readings: [String: Reading] = [:]
    for name in targets {
      let profile = try profile(name)
      let measured = try hostLatencyMs(model.graph, profile)
      let meter = environment.meter
      if let meter, !images.isEmpty {
        readings[name] = try meter.waitForReading(
          model, flashBytes: fileBytes, on: profile, images: images, measuredLatencyMs: measured
        ).reading.recorded
      } else {
        readings[name] =
          try profile.estimate(model.graph, flashBytes: fileBytes, measuredLatencyMs: measured).recorded
      }
      if isFinished, let reading = readings[name] {
        readings[name]?.unpruned = try unpruned(model, reading, on: profile, Array(images.prefix(1)))
      }
      readings[name]?.origin = ReadingOrigin(profile, meter).digest
    }
    return readings
  }

  /// The reading of the same network with its zeros stored and multiplied, by the same method; `nil` without
  /// masks.
  private func unpruned(
    _ model: Model, _ reading: Reading, on profile: TargetProfile, _ images: [[Float]]
  ) throws -> Reading.Unpruned? {
    guard let graph = model.graph.withoutMasks, let latency = reading[.latency]?.value else { return nil }
    var whole = model
    whole.graph = graph
    let fileBytes = try StudentFile.sizes(of: whole).fileBytes
    let other: Reading
    if reading.isSimulated, var meter = environment.meter {
      meter.exporter.sparse = .never
      other = try meter.waitForReading(model, flashBytes: fileBytes, on: profile, images: images).reading
    } else {
      // Latencies measured on the host are those of kernels that multiply zeros too.
      var plain = profile
      plain.skipsZeros = false
      other = try plain.estimate(graph, flashBytes: fileBytes, measuredLatencyMs: latency)
    }
    guard other.bases == reading.bases || !other.fits, let flash = other[.flash]?.value,
      let unprunedLatency = other[.latency]?.value
    else { return nil }
    return Reading.Unpruned(flashBytes: Int(flash), latencyMs: unprunedLatency)
  }

  /// Warnings about readings whose simulated outputs are wrong.
  static func warnings(_ readings: [String: Reading]) -> [String] {
    readings.keys.sorted().compactMap { name in
      guard let count = readings[name]?.imagesUnequal, count > 0 else { return nil }
      return "\(errorMark) on \(name) the simulated outputs differ from the reference on \(count) images"
    }
  }

  /// The beginning of these warnings.
  static let errorMark = "ERROR:"

  /// The estimate of a network on a target, without simulation; for stages and goals, which compare many
  /// networks.
  func estimate(
    _ name: String, _ graph: Graph, fileBytes: Int
  ) throws -> Reading {
    let profile = try profile(name)
    let measured = try hostLatencyMs(graph, profile)
    return try profile.estimate(graph, flashBytes: fileBytes, measuredLatencyMs: measured).recorded
  }

  private func profile(_ name: String) throws -> TargetProfile {
    try TargetProfile.named(name, searching: environment.targetFolders)
  }

  /// The first normalized images of a split, `[channels, height, width]` each.
  private func images(_ count: Int, of split: Split) throws -> [[Float]] {
    guard let loader = split == .test ? try data.test(batch: count) : try data.validation(batch: count)
    else { return [] }
    loader.startEpoch(0, fromStep: 0)
    guard let batch = try loader.next() else { return [] }
    let size = data.input.count
    let values = batch.images
    return (0..<batch.count).map { image in (0..<size).map { values[image * size + $0] } }
  }

  /// The median latency of one image on this machine in ms, in the arithmetic of its accuracy; `nil` for
  /// profiles that are not measured.
  private func hostLatencyMs(_ graph: Graph, _ profile: TargetProfile) throws -> Double? {
    guard profile.basis == .measured else { return nil }
    return try located(profile.name) {
      let arithmetic = InferenceArithmetic(of: graph, floats: environment.backend)
      let plan = try arithmetic.backend.compile(
        graph, PlanOptions(batch: 1, mode: .inference, threads: spec.threads))
      let image = [Float](repeating: 0.5, count: data.input.count)
      let clock = ContinuousClock()
      let times = (0..<Self.hostRuns).map { _ in
        clock.measure { plan.forward(image.span, key: 0) } / .milliseconds(1)
      }
      return times.sorted()[times.count / 2]
    }
  }
}

extension Reading {
  /// The reading as a result stores it: remarks in one line, and layers only with cycles that a tool
  /// reported.
  fileprivate var recorded: Reading {
    var reading = self
    reading.reason = reason?.oneLine
    reading.note = note?.oneLine
    reading.layers =
      isSimulated || !["analytic", "measured"].contains(method)
      ? layers?.filter { $0.cycles > 0 }.map { Layer(name: $0.name, cycles: $0.cycles) } : nil
    return reading
  }
}

extension String {
  /// The text without control characters, cut to 1,000 scalars, the most that a result may hold.
  fileprivate var oneLine: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }.prefix(1000)))
  }
}
