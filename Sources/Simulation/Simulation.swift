public import Export
public import Foundation

/// What a program takes on a simulated target, or what did not fit.
public struct Simulation: Codable, Sendable, Equatable {
  /// Flash: weights as the program declares them, and everything else.
  public struct Flash: Codable, Sendable, Equatable {
    public var weightBytes: Int
    public var codeBytes: Int

    public var totalBytes: Int { weightBytes + codeBytes }
  }

  /// RAM: values, other variables, the stack that was seen, and what is kept for interrupts.
  public struct RAM: Codable, Sendable, Equatable {
    public var valueBytes: Int
    public var variableBytes: Int
    public var stackBytes: Int
    public var interruptMarginBytes: Int

    public var totalBytes: Int { valueBytes + variableBytes + stackBytes + interruptMarginBytes }
  }

  /// Cycles over images, with the profile's factors.
  public struct Cycles: Codable, Sendable, Equatable {
    public var least: Double
    public var mean: Double
    public var most: Double
  }

  /// How latencies come about.
  public var method: String
  /// The tools that took part.
  public var versions: [String]
  public var images: Int
  /// What does not fit; empty where everything does.
  public var overflows: [MemoryOverflow]
  /// `nil` where the program was not linked.
  public var flash: Flash?
  /// `nil` where the program was not run.
  public var ram: RAM?
  public var cycles: Cycles?
  /// Instructions of an image, on average; `nil` where they are not counted.
  public var instructions: Double?
  /// Cycles of each step of an image, on average, with the profile's factors.
  public var stepCycles: [Double]
  /// The outputs of all images, in the program's numbers.
  public var outputs: Data

  /// Whether it fits and was run.
  public var fits: Bool { overflows.isEmpty }

  /// The outputs, image by image, in the program's order.
  public func numbers(_ program: CProgram) -> [[Float]] {
    let (bytes, size) = ([UInt8](outputs), program.outputBytes)
    guard size > 0 else { return [] }
    return stride(from: 0, through: bytes.count - size, by: size).map { start in
      let image = bytes[start..<start + size]
      return program.number == .float
        ? [Float](littleEndian: Array(image)) : image.map { Float(Int8(bitPattern: $0)) }
    }
  }

  /// Something that does not fit, before it was run.
  static func rejected(
    _ overflows: [MemoryOverflow], method: String, versions: [String], images: Int
  ) -> Simulation {
    Simulation(
      method: method, versions: versions, images: images, overflows: overflows, flash: nil, ram: nil,
      cycles: nil, instructions: nil, stepCycles: [], outputs: Data())
  }
}
