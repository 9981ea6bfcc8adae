/// The measurements of a simulator.
public struct SimulatedRun: Sendable, Equatable {
  /// The outputs of all images, as bytes.
  public var outputs: [UInt8]
  /// The cycles of each image, from the entry of the network to its return, before any factor.
  public var cycles: [Double]
  /// The instructions of each image; empty where they are not counted.
  public var instructions: [Double]
  /// The cycles of each step, summed over all images.
  public var stepCycles: [Double]
  /// The largest stack in bytes.
  public var stackBytes: Int
  /// The bytes by which the stack ran into data; above 0 the outputs are meaningless.
  public var collisionBytes: Int
}

/// The report of a harness or plugin, one fact per line.
///
/// Lines are `call CYCLES [INSTRUCTIONS …]`, `step K CYCLES`, `stack BYTES`, `collision BYTES` and `end`.
struct RunReport {
  private(set) var cycles: [Double] = []
  private(set) var instructions: [Double] = []
  private(set) var steps: [Int: Double] = [:]
  private(set) var stackBytes: Int?
  private(set) var collisionBytes = 0

  init(_ text: String) throws(SimulationError) {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      let numbers = words.dropFirst().map { Double($0) ?? -1 }
      guard numbers.allSatisfy({ $0 >= 0 && $0 < 1e15 }) else { throw .report("a line \"\(line)\"") }
      switch (words.first ?? "", numbers.count) {
      case ("call", 1...):
        cycles.append(numbers[0])
        if numbers.count > 1 { instructions.append(numbers[1]) }
      case ("step", 2): steps[Int(numbers[0])] = numbers[1]
      case ("stack", 1): stackBytes = Int(numbers[0])
      case ("collision", 1): collisionBytes = Int(numbers[0])
      case ("end", 0): break
      default: throw .report("a line \"\(line)\"")
      }
    }
  }

  func stepCycles(_ count: Int) -> [Double] { (0..<count).map { steps[$0] ?? 0 } }
}
