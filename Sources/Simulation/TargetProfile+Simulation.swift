public import Export
public import Readings
public import Targets

extension TargetProfile {
  /// The reading of a simulation, based on the estimate.
  ///
  /// If the program does not fit, figures that were not simulated stay estimates, and the overflow is the
  /// reason.
  public func reading(
    _ simulation: Simulation, of program: CProgram, limits: SimulatorLimits, analytic: Reading
  ) -> Reading {
    var reading = analytic
    if let flash = simulation.flash, let ram = simulation.ram {
      // On targets that load weights into RAM, the program lies there too.
      let loaded = weightsInRAM ? flash.totalBytes : 0
      reading[.flash] = Figure(Double(flash.totalBytes))
      reading[.ram] = Figure(Double(ram.totalBytes + loaded))
      reading.memory = Reading.Memory(
        weightBytes: flash.weightBytes, codeBytes: flash.codeBytes, valueBytes: ram.valueBytes,
        variableBytes: ram.variableBytes + loaded, stackBytes: ram.stackBytes,
        marginBytes: ram.interruptMarginBytes)
    }
    guard simulation.fits, let cycles = simulation.cycles else {
      reading.method = "analytic"
      reading.relativeError = relativeError.value
      reading.fits = false
      reading.reason = simulation.overflows.map(\.description).joined(separator: "; ")
      return reading
    }
    let perMillisecond = clockMHz.value * 1000
    let latency = cycles.mean / perMillisecond
    reading.method = simulation.method
    reading.relativeError = limits.relativeError
    reading.bases = [.simulated]
    reading.imagesSimulated = simulation.images
    reading.fits = true
    reading.reason = nil
    reading[.cycles] = Figure(cycles.mean, low: cycles.least, high: cycles.most)
    reading[.latency] = Figure(
      latency, low: cycles.least / perMillisecond * limits.latency.lowerBound,
      high: cycles.most / perMillisecond * limits.latency.upperBound)
    let energy =
      nanojoulesPerCycle.map { $0.value * cycles.mean * 1e-3 } ?? (watts?.value ?? 0) * latency * 1000
    set(energy, latencyMs: latency, in: &reading)
    reading.layers = Self.layers(simulation, program, reading.layers ?? [])
    return reading
  }

  /// The estimate's layers with the simulated cycles; a layer whose cycles are counted in another's step has
  /// 0.
  private static func layers(
    _ simulation: Simulation, _ program: CProgram, _ layers: [Reading.Layer]
  ) -> [Reading.Layer] {
    var cycles: [String: Double] = [:]
    for (name, count) in zip(program.steps, simulation.stepCycles) { cycles[name, default: 0] += count }
    let known = layers.map { layer in
      var layer = layer
      layer.cycles = cycles[layer.name] ?? 0
      return layer
    }
    let names = Set(layers.map(\.name))
    let others = cycles.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }
    let between = (simulation.cycles?.mean ?? 0) - simulation.stepCycles.reduce(0, +)
    return known
      + (others.map { ($0.key, $0.value) } + [("between steps", max(0, between))]).map { name, count in
        Reading.Layer(name: name, cycles: count, kind: "step", flashBytes: 0, multiplyAdds: 0)
      }
  }
}
