public import Export
public import Graphs
public import Readings
import Settings
public import Targets

/// Reads the resources of models on targets: simulated where that is possible, else estimated with a note.
///
///     let meter = TargetMeter(SimulationRunner(cacheFolder: folder))
///     let reading = try await meter.read(model, flashBytes: bytes, on: uno, images: images).reading
public struct TargetMeter: Sendable {
  /// A reading, and the outputs of the simulated images in the program's numbers; no outputs where nothing
  /// was simulated.
  public typealias Result = (reading: Reading, outputs: [[Float]])

  /// The exporter that writes networks as C.
  public var exporter = CExporter()

  private let runner: SimulationRunner
  /// The most simulated cycles over all images of a reading, which bounds its time.
  private let cycleLimit: Double
  /// The size in bytes of the largest model that is written as C.
  private static let largestProgram = 8 << 20

  /// Makes a meter; a reading simulates at most `cycleLimit` cycles, by default 3e9, but at least one image.
  public init(_ runner: SimulationRunner, cycleLimit: Double = 3e9) {
    self.runner = runner
    self.cycleLimit = cycleLimit
  }

  /// The names of the simulator's or flow's tools that this machine lacks; none for a target that is only
  /// estimated.
  public func missingTools(of profile: TargetProfile) -> [String] {
    let tools = try? runner.tools(of: profile)
    return tools?.filter { $0.path == nil }.map(\.name) ?? []
  }

  /// True if the target is read by a flow such as synthesis, which takes minutes for each network.
  public func takesMinutes(_ profile: TargetProfile) -> Bool { (try? runner.flow(of: profile)) != nil }

  /// The reading of a model's shipped graph; `images` are normalized, `[channels, height, width]` each.
  ///
  /// A network that cannot be simulated is estimated, and `note` gives the reason. As many images are
  /// simulated as the limit on cycles allows, but at least one.
  public func read(
    _ model: Model, flashBytes: Int, on profile: TargetProfile, images: [[Float]],
    measuredLatencyMs: Double? = nil
  ) async throws(TargetError) -> Result {
    var analytic = try profile.estimate(
      model.graph, flashBytes: flashBytes, measuredLatencyMs: measuredLatencyMs)
    guard profile.simulator != nil, !images.isEmpty else { return (analytic, []) }
    // A model far too large for the chip or for a compiler is not exported.
    if let flash = profile.flashBytes, Double(flashBytes) > 2 * flash.value { return (analytic, []) }
    guard flashBytes <= Self.largestProgram else {
      analytic.note = "modelled: programs of more than \(Self.largestProgram) bytes are not compiled"
      return (analytic, [])
    }
    do {
      if let flow = try runner.flow(of: profile) {
        return try await read(model, by: flow, on: profile, images, analytic)
      }
      return try await simulated(model, on: profile, images, analytic) ?? (analytic, [])
    } catch {
      analytic.note = Self.note(error, isFlow: (try? runner.flow(of: profile)) != nil)
      return (analytic, [])
    }
  }

  /// The same for callers that cannot await: blocks the calling thread.
  public func waitForReading(
    _ model: Model, flashBytes: Int, on profile: TargetProfile, images: [[Float]],
    measuredLatencyMs: Double? = nil
  ) throws(TargetError) -> Result {
    let meter = self
    return try AsyncWork.wait { () async throws(TargetError) in
      try await meter.read(
        model, flashBytes: flashBytes, on: profile, images: images, measuredLatencyMs: measuredLatencyMs)
    }
  }

  private static func note(_ error: any Error, isFlow: Bool) -> String {
    switch error.underlying(as: SimulationError.self) {
    case .missing: "modelled, not simulated: \(error)"
    case .unsuitable where isFlow: "modelled, as the network cannot be written for this target: \(error)"
    case .unsuitable: "modelled, not simulated, as simulators run exported C: \(error)"
    default: "modelled, as the simulation failed: \(error)"
    }
  }

  /// The reading of a flow, based on the estimate; runs in Verilog as many images as the limit on cycles
  /// allows.
  private func read(
    _ model: Model, by flow: any DeviceFlow, on profile: TargetProfile, _ images: [[Float]],
    _ analytic: Reading
  ) async throws -> Result {
    let cycles = max(1, (analytic[.latency]?.value ?? 0) * profile.clockMHz.value * 1000)
    let count = max(1, min(images.count, Int(min(cycleLimit / 30 / cycles, 1e9))))
    let result = try await runner.run(flow, on: model, images: Array(images.prefix(count)))
    return (profile.reading(result, analytic: analytic), result.outputs)
  }

  private func simulated(
    _ model: Model, on profile: TargetProfile, _ images: [[Float]], _ analytic: Reading
  ) async throws -> Result? {
    guard let simulator = try runner.simulator(of: profile) else { return nil }
    let simulated = try SimulatedModel(model, for: profile, by: exporter)
    let cycles = (analytic[.latency]?.value ?? 0) * profile.clockMHz.value * 1000
    let count = max(1, min(images.count, Int(min(cycleLimit / max(1, cycles), 1e9))))
    let shown = Array(images.prefix(count))
    guard
      let simulation = try await runner.simulate(
        simulated.program, on: profile, images: simulated.arithmetic.bytes(shown))
    else { return nil }
    var reading = profile.reading(
      simulation, of: simulated.program, limits: simulator.limits, analytic: analytic)
    guard simulation.fits else { return (reading, []) }
    let outputs = simulation.numbers(simulated.program)
    let unequal = zip(outputs, shown).count { !simulated.arithmetic.agrees($0, on: $1) }
    reading.imagesUnequal = unequal
    if unequal > 0 {
      reading.fits = false
      reading.reason =
        "the simulated outputs differ from the reference on \(unequal) of \(outputs.count) images"
    }
    return (reading, outputs)
  }
}
