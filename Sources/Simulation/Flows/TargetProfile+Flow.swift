import Readings
import Targets

extension Resource {
  /// The clock that static timing allows, in MHz.
  static let clock = Resource(
    "clockMHz", title: "clock", Unit(rawValue: "megahertz"), better: .higher, standing: .detail)
}

extension TargetProfile {
  /// The reading of a flow's result, based on the estimate.
  func reading(_ result: FlowResult, analytic: Reading) -> Reading {
    var reading = analytic
    let overflows = result.amounts.compactMap(\.overflow)
    for amount in result.amounts {
      reading[Resource(amount.name, title: amount.title, .count)] = Figure(Double(amount.value))
    }
    reading.fits = overflows.isEmpty
    reading.reason = overflows.isEmpty ? nil : overflows.joined(separator: "; ")
    reading.method = result.method
    reading.note = result.note
    reading.bases = [result.isPlaced ? .placed : .modelled]
    reading[.flash] = Figure(Double(result.flashBytes))
    reading[.ram] = Figure(Double(result.ramBytes))
    reading.memory = nil
    reading.layers = result.layers.map { Reading.Layer(name: $0.name, cycles: $0.cycles) }
    reading.imagesSimulated = result.imagesRun
    reading.imagesUnequal = result.imagesUnequal
    if let unequal = result.imagesUnequal, unequal > 0 {
      reading.fits = false
      reading.reason =
        "the simulated outputs differ from the reference on \(unequal) of \(result.imagesRun ?? 0) images"
    }
    guard result.cycles.count == 3 else { return reading }
    let cycles = result.cycles[1]
    let slowest = result.clocksMHz.min() ?? clockMHz.value
    let fastest = result.clocksMHz.max() ?? clockMHz.value
    let latency = cycles / (slowest * 1000)
    let interval = result.clockInterval
    reading[.cycles] = Figure(cycles, low: result.cycles[0], high: result.cycles[2])
    reading[.latency] = Figure(
      latency, low: result.cycles[0] / (fastest * 1000) * (interval.first ?? 1),
      high: result.cycles[2] / (slowest * 1000) * (interval.last ?? 1))
    if !result.clocksMHz.isEmpty { reading[.clock] = Figure(slowest, low: slowest, high: fastest) }
    let energy =
      nanojoulesPerCycle.map { $0.value * cycles * 1e-3 } ?? (watts?.value ?? 0) * latency * 1000
    set(energy, latencyMs: latency, in: &reading)
    return reading
  }
}
