public import Targets

extension TargetProfile {
  /// What a simulation says of a network, in the terms of an estimate.
  ///
  /// Where the program does not fit, figures that were not simulated stay those of the estimate; the overflow is the reason.
  public func estimate(
    _ simulation: Simulation, of program: NetworkProgram, limits: SimulatorLimits, analytic: TargetEstimate
  ) -> TargetEstimate {
    var estimate = analytic
    estimate.method = simulation.method
    estimate.relativeError = limits.relativeError
    if let flash = simulation.flash, let ram = simulation.ram {
      estimate.flashBytes = flash.totalBytes
      // Where weights lie in memory, so does the program.
      let loaded = weightsInRAM ? flash.totalBytes : 0
      estimate.ramBytes = ram.totalBytes + loaded
      estimate.memory = TargetEstimate.Memory(
        weightBytes: flash.weightBytes, codeBytes: flash.codeBytes, valueBytes: ram.valueBytes,
        variableBytes: ram.variableBytes + loaded, stackBytes: ram.stackBytes,
        marginBytes: ram.interruptMarginBytes)
    }
    guard simulation.fits, let cycles = simulation.cycles else {
      estimate.method = "analytic"
      estimate.relativeError = relativeError.value
      estimate.fits = false
      estimate.reason = simulation.overflows.map(\.description).joined(separator: "; ")
      return estimate
    }
    estimate.basis = .simulated
    estimate.images = simulation.images
    estimate.fits = true
    estimate.reason = nil
    estimate.cycles = TargetEstimate.Cycles(least: cycles.least, mean: cycles.mean, most: cycles.most)
    estimate.latencyMs = cycles.mean / (clockMHz.value * 1000)
    estimate.low = cycles.least / (clockMHz.value * 1000) * limits.latency.lowerBound
    estimate.high = cycles.most / (clockMHz.value * 1000) * limits.latency.upperBound
    estimate.energyMicrojoules =
      nanojoulesPerCycle.map { $0.value * cycles.mean * 1e-3 } ?? (watts?.value ?? 0) * estimate.latencyMs
      * 1000
    estimate.layers = Self.layers(simulation, program, estimate.layers)
    addEnergy(to: &estimate)
    return estimate
  }

  /// The estimate's layers with the cycles that were seen; a layer whose cycles lie in another's step has none.
  private static func layers(
    _ simulation: Simulation, _ program: NetworkProgram, _ layers: [TargetEstimate.Layer]
  ) -> [TargetEstimate.Layer] {
    var cycles: [String: Double] = [:]
    for (name, count) in zip(program.layers, simulation.stepCycles) { cycles[name, default: 0] += count }
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
        TargetEstimate.Layer(name: name, kind: "step", flashBytes: 0, multiplyAdds: 0, cycles: count)
      }
  }
}
