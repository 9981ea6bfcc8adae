extension Simulation {
  /// True if all counts and cycles are within the range of real simulations; checks results read from a disk.
  var isPlausible: Bool {
    let memories = [
      flash?.weightBytes, flash?.codeBytes, ram?.valueBytes, ram?.variableBytes, ram?.stackBytes,
      ram?.interruptMarginBytes,
    ]
    let figures = [cycles?.least, cycles?.mean, cycles?.most, instructions] + stepCycles
    return images >= 0 && memories.allSatisfy { (0...Self.mostBytes).contains($0 ?? 0) }
      && figures.allSatisfy { (0...Self.mostCycles).contains($0 ?? 0) }
      && overflows.allSatisfy { (0...Self.mostBytes).contains($0.bytes) }
      && (!fits || (cycles != nil && ram != nil && flash != nil && images > 0))
  }

  private static let mostBytes = 1 << 48
  /// Cycles in a report are below 1e15, and factors are small.
  private static let mostCycles = 1e18
}
