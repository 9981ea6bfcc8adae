public import Graphs
import Ops
public import Readings

extension TargetProfile {
  /// The estimated reading of a network on this target, for one image.
  ///
  /// Batch norms are folded first, where the encodings allow it. `flashBytes` is the size of the stored
  /// weights; the profile adds its code. Values take whole bytes for each element: those of their encodings,
  /// else 4. A `measured` profile needs the latency of an image in ms, which others ignore.
  ///
  /// Throws `TargetError` for a missing measurement, and for a graph with missing parameters.
  public func estimate(
    _ graph: Graph, flashBytes weightBytes: Int, measuredLatencyMs: Double? = nil
  ) throws(TargetError) -> Reading {
    let shipped: Graph
    do throws(GraphError) { shipped = try graph.foldedForInference() } catch { throw .graph(error) }
    let gated = GatedWork(shipped)
    let work = shipped.nodes.map { LayerWork($0, in: shipped, gated) }
    let cycles = basis == .measured ? work.map { _ in 0 } : work.map(cycles(of:))
    let latency = try latencyMs(cycles: cycles.reduce(0, +), measured: measuredLatencyMs)
    let values = shipped.peakLiveBytes
    let flash = weightBytes + Int(codeBytes.value)
    let ram = values + Int(runtimeBytes.value) + (weightsInRAM ? weightBytes : 0)
    let reasons = [overflow("flash", flash, flashBytes), overflow("RAM", ram, ramBytes)].compactMap { $0 }
    let spread = basis == .measured ? (low: 1, high: 1) : (low: latencyLow.value, high: latencyHigh.value)
    var reading = Reading(
      basis: basis,
      [
        .flash: Figure(Double(flash)), .ram: Figure(Double(ram)),
        .latency: Figure(latency, low: latency * spread.low, high: latency * spread.high),
      ], fits: reasons.isEmpty, reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "))
    reading.layers = zip(work, cycles).map { work, cycles in
      Reading.Layer(
        name: work.node.name, cycles: cycles, kind: work.layer, flashBytes: work.storedBytes,
        multiplyAdds: work.multiplyAdds)
    }
    reading.method = basis == .measured ? "measured" : "analytic"
    reading.relativeError = relativeError.value
    reading.memory = Reading.Memory(
      weightBytes: weightBytes, codeBytes: Int(codeBytes.value), valueBytes: values,
      variableBytes: weightsInRAM ? weightBytes : 0, stackBytes: 0, marginBytes: Int(runtimeBytes.value))
    set(energy(latencyMs: latency, work, weightBytes: weightBytes), latencyMs: latency, in: &reading)
    return reading
  }

  /// The reason why a network cannot fit this target with values of `bits` bits and weights of one bit; `nil`
  /// where it may fit.
  public func certainMiss(of graph: Graph, bitsOfValues bits: Int) throws(TargetError) -> String? {
    var shipped = graph
    if shipped.parameters.isEmpty { shipped.initializeParameters(seed: 0) }
    let parameters = shipped.parameterCount
    do throws(GraphError) { shipped = try shipped.foldedForInference() } catch { throw .graph(error) }
    // Values without an encoding count as four bytes.
    let values = shipped.peakLiveBytes * bits / 32 + Int(runtimeBytes.value)
    let weights = parameters / 8 + Int(codeBytes.value)
    return overflow("RAM", values, ramBytes) ?? overflow("flash", weights, flashBytes)
  }

  /// Sets a reading's energy per image in µJ, with its interval, and its energy per day.
  public func set(_ microjoules: Double, latencyMs: Double, in reading: inout Reading) {
    let factor = max(1, energyFactor.value)
    reading[.energy] = Figure(microjoules, low: microjoules / factor, high: microjoules * factor)
    reading[.energyPerDay] =
      energyPerDayJoules(latencyMs: latencyMs, energyMicrojoules: microjoules).map { Figure($0) }
  }

  /// The energy of a day in joules: `86,400 · (f · E + P_sleep · (1 − f · t))`.
  ///
  /// `nil` without a frame rate or a sleeping power, and where `f · t` exceeds 1.
  public func energyPerDayJoules(latencyMs: Double, energyMicrojoules: Double) -> Double? {
    guard let rate = framesPerSecond?.value, let sleep = sleepMilliwatts?.value else { return nil }
    let busy = rate * latencyMs / 1000
    guard busy <= 1 else { return nil }
    return 86_400 * (rate * energyMicrojoules * 1e-6 + sleep * 1e-3 * (1 - busy))
  }

  /// The bytes of all parameters in a file, with batch norms folded and before any entropy coding.
  public static func storedBytes(of graph: Graph) throws(TargetError) -> Int {
    let shipped: Graph
    do throws(GraphError) { shipped = try graph.foldedForInference() } catch { throw .graph(error) }
    let gated = GatedWork(shipped)
    return shipped.nodes.reduce(0) { $0 + LayerWork($1, in: shipped, gated).storedBytes }
  }

  private func latencyMs(cycles: Double, measured: Double?) throws(TargetError) -> Double {
    guard basis == .measured else { return cycles / (clockMHz.value * 1000) }
    guard let measured else { throw .needsMeasurement(target: name) }
    return measured
  }

  /// The overflow in words: `flash: 1200 bytes too many: needs 33456, has 32256`; `nil` where it fits.
  private func overflow(_ what: String, _ needed: Int, _ limit: Sourced?) -> String? {
    guard let limit, needed > Int(limit.value) else { return nil }
    return "\(what): \(needed - Int(limit.value)) bytes too many: needs \(needed), has \(Int(limit.value))"
  }

  private func cycles(of work: LayerWork) -> Double {
    let share = skipsZeros ? work.nonZeroShare : 1
    let products = Double(work.multiplyAdds) * share * (operation(for: work)?.cycles ?? 0)
    return products + Double(work.outputElements) * (element(bits: work.outputBits)?.cycles ?? 0)
  }

  /// The cost that applies to a layer.
  ///
  /// A cost for the layer's kind goes before those of any kind, and one for its encoding before those of all
  /// encodings; of these it is the narrowest that holds the layer's bits.
  func operation(for work: LayerWork) -> OperationCost? {
    let ofKind = operations.filter { $0.layer == work.layer }
    let candidates = (ofKind.isEmpty ? operations : ofKind).filter {
      $0.encoding == nil || $0.encoding == work.encoding
    }
    let holding = candidates.filter { $0.bits >= work.bits }
    let preferred = holding.filter { $0.encoding != nil }
    return (preferred.isEmpty ? holding : preferred).min { $0.bits < $1.bits }
      ?? candidates.max { $0.bits < $1.bits }
  }

  private func element(bits: Int) -> ElementCost? {
    elements.filter { $0.bits >= bits }.min { $0.bits < $1.bits } ?? elements.max { $0.bits < $1.bits }
  }

  /// The energy of an image in µJ: of the cycles or the time, of multiply-adds, and of moving values and
  /// weights.
  private func energy(latencyMs: Double, _ work: [LayerWork], weightBytes: Int) -> Double {
    let running =
      nanojoulesPerCycle.map { $0.value * latencyMs * clockMHz.value } ?? (watts?.value ?? 0) * latencyMs
      * 1000
    let products = work.reduce(0.0) { sum, layer in
      let share = skipsZeros ? layer.nonZeroShare : 1
      return sum + Double(layer.multiplyAdds) * share * (operation(for: layer)?.picojoules ?? 0)
    }
    let moved = Double(work.reduce(weightBytes) { $0 + $1.movedBytes }) * (picojoulesPerByte?.value ?? 0)
    return running + (products + moved) * 1e-6
  }
}
