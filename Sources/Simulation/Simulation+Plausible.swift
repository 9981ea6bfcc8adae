extension Simulation {
  /// Whether a result that was read from a disk can be one: counts and cycles within what any simulation may take.
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
  /// A report's cycles are below 1e15, and factors are small.
  private static let mostCycles = 1e18
}
