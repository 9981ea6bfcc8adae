public import Export
import Crypto
import Foundation
import Settings
import Tensors
public import Targets

/// Simulates exported programs on the targets of profiles, each distinct program once.
///
///     let runner = SimulationRunner(cacheFolder: "~/.cache/condense")
///     if let simulation = try await runner.simulate(program, on: uno, images: images) { … }
///
/// A program whose weights or values alone exceed the memory is rejected before anything is compiled; one
/// that does not link is rejected before anything is run. A result is kept under the digest of everything
/// that it depends on: program, memory, the simulator's settings, versions of tools, images.
public struct SimulationRunner: Sendable {
  /// Changes when the meaning of results changes; part of a result's key.
  static let revision = 1

  /// The largest number of steps whose cycles the harness and the plugin can count.
  private static let mostSteps = 4096

  /// The folder of results, harnesses and plugins.
  let cacheFolder: String
  private let catalogue: SimulatorCatalogue

  /// Keeps results in a folder, which is made if it is missing.
  public init(cacheFolder: String, catalogue: SimulatorCatalogue = .standard) {
    self.cacheFolder = cacheFolder
    self.catalogue = catalogue
  }

  /// The simulator of a profile; `nil` where it has none.
  func simulator(of profile: TargetProfile) throws -> (any Simulator)? {
    try catalogue.simulator(of: profile)
  }

  /// The flow of a profile; `nil` where it has none.
  func flow(of profile: TargetProfile) throws -> (any DeviceFlow)? { try catalogue.flow(of: profile) }

  /// The programs that a profile's simulator or flow needs.
  func tools(of profile: TargetProfile) throws -> [ExternalTool] { try catalogue.tools(of: profile) }

  /// Runs a program on images; `nil` where the profile has no simulator.
  ///
  /// Throws `SimulationError.missing` where tools are not installed.
  public func simulate(
    _ program: CProgram, on profile: TargetProfile, images: ImageBytes
  ) async throws -> Simulation? {
    guard let simulator = try catalogue.simulator(of: profile) else { return nil }
    guard images.bytes.count == images.count * program.inputBytes, images.count > 0 else {
      throw SimulationError.program(
        name: program.name,
        reason: "takes images of \(program.inputBytes) bytes; \(images.count) images of "
          + "\(images.bytes.count) bytes in all were given")
    }
    guard program.steps.count <= Self.mostSteps else {
      throw SimulationError.program(
        name: program.name,
        reason: "has \(program.steps.count) steps; simulators count the cycles of \(Self.mostSteps) at most")
    }
    let memory = MemoryLimits(profile)
    let overflows = program.staticOverflows(
      memory, interruptMarginBytes: simulator.limits.interruptMarginBytes)
    guard overflows.isEmpty else {
      return .rejected(overflows, method: simulator.method, versions: [], images: 0)
    }
    try simulator.requireTools()
    let toolFolder = cacheFolder + "/simulators"
    let cache = try SimulationCache(folder: cacheFolder + "/simulations")
    try SimulationCache.makeFolder(toolFolder)
    let probe = Workbench(folder: toolFolder, toolFolder: toolFolder, timeLimit: Workbench.buildLimit)
    let versions = try await simulator.versions(probe)
    let key = Self.key(program, simulator, memory, versions, images)
    return try await cache.value(of: key) { folder async throws(SimulationError) in
      let bench = Workbench(
        folder: folder, toolFolder: toolFolder, timeLimit: .seconds(120 + 5 * images.count))
      return try await Self.simulation(simulator, program, memory, versions, images, bench)
    }
  }

  private static func simulation(
    _ simulator: any Simulator, _ program: CProgram, _ memory: MemoryLimits, _ versions: [String],
    _ images: ImageBytes, _ bench: Workbench
  ) async throws(SimulationError) -> Simulation {
    switch try await simulator.build(program, within: memory, bench) {
    case .overflows(let overflows):
      return .rejected(overflows, method: simulator.method, versions: versions, images: 0)
    case .firmware(let firmware):
      let run = try await simulator.run(firmware, on: images, bench)
      return try simulation(simulator, firmware, memory, versions, run, images)
    }
  }

  private static func simulation(
    _ simulator: any Simulator, _ firmware: Firmware, _ memory: MemoryLimits, _ versions: [String],
    _ run: SimulatedRun, _ images: ImageBytes
  ) throws(SimulationError) -> Simulation {
    let program = firmware.program
    let ram = Simulation.RAM(
      valueBytes: min(program.arenaBytes, firmware.staticBytes),
      variableBytes: max(0, firmware.staticBytes - program.arenaBytes), stackBytes: run.stackBytes,
      interruptMarginBytes: simulator.limits.interruptMarginBytes)
    let weightBytes = min(program.weightBytes, firmware.flashBytes)
    let flash = Simulation.Flash(weightBytes: weightBytes, codeBytes: firmware.flashBytes - weightBytes)
    let overflows = [
      MemoryOverflow("flash", needed: flash.totalBytes, limit: memory.flashBytes, stage: "linked"),
      MemoryOverflow(
        "RAM", needed: ram.totalBytes, limit: memory.ramBytes, stage: "with stack and interrupt margin"),
    ].compactMap(\.self)
    let isWhole = run.cycles.count == images.count && run.outputs.count == images.count * program.outputBytes
    guard isWhole || !overflows.isEmpty else {
      throw .report("\(run.cycles.count) of \(images.count) images were run")
    }
    let factor = simulator.factor
    return Simulation(
      method: simulator.method, versions: versions, images: run.cycles.count, overflows: overflows,
      flash: flash, ram: ram, cycles: overflows.isEmpty ? Simulation.Cycles(run.cycles, factor) : nil,
      instructions: run.instructions.mean,
      stepCycles: run.stepCycles.map { $0 * factor / Double(max(1, run.cycles.count)) },
      outputs: overflows.isEmpty ? Data(run.outputs) : Data())
  }

  /// The digest of everything that a result depends on.
  private static func key(
    _ program: CProgram, _ simulator: any Simulator, _ memory: MemoryLimits, _ versions: [String],
    _ images: ImageBytes
  ) -> String {
    var hasher = SHA256()
    let resources = [
      PackageResources.avr_firmware_c, PackageResources.avr_harness_c, PackageResources.cortex_firmware_c,
      PackageResources.cortex_ld, PackageResources.linux_firmware_c, PackageResources.qemu_plugin_c,
    ]
    let texts = [
      "revision \(revision)", simulator.kind, simulator.canonicalSettings, "\(memory)", program.name,
    ]
    let described = texts.map { Array($0.utf8) } + [program.header, program.source]
    for part in described + versions.map({ Array($0.utf8) }) + resources + [images.bytes] {
      hasher.update(data: Array("\(part.count) ".utf8))
      hasher.update(data: part)
    }
    return hasher.finalize().hexadecimal
  }
}

extension Simulation.Cycles {
  /// The least, mean and most over images, times a factor; `nil` for no images.
  init?(_ cycles: [Double], _ factor: Double) {
    guard let least = cycles.min(), let most = cycles.max(), let mean = cycles.mean else { return nil }
    self.init(least: least * factor, mean: mean * factor, most: most * factor)
  }
}

extension [Double] {
  /// The arithmetic mean; `nil` for an empty array.
  fileprivate var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }
}
