/// What a simulator saw.
public struct SimulatedRun: Sendable, Equatable {
  /// The outputs of all images, as bytes.
  public var outputs: [UInt8]
  /// Cycles of each image, from the entry of the network to its return, before any factor.
  public var cycles: [Double]
  /// Instructions of each image; empty where they are not counted.
  public var instructions: [Double]
  /// Cycles of each step, over all images.
  public var stepCycles: [Double]
  /// The most bytes of stack.
  public var stackBytes: Int
  /// Bytes by which the stack ran into data; the outputs mean nothing then.
  public var collisionBytes: Int
}

/// The lines that harness and plugin write: `call CYCLES [INSTRUCTIONS …]`, `step K CYCLES`, `stack BYTES`, `collision BYTES`.
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
