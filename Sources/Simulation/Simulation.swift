public import Export
public import Foundation

/// The resources of a program on a simulated target, or the memories that it exceeds.
public struct Simulation: Codable, Sendable, Equatable {
  /// The flash of a program.
  public struct Flash: Codable, Sendable, Equatable {
    /// Bytes of the weights that the program declares.
    public var weightBytes: Int
    /// Bytes of everything else: code, constants and initial values.
    public var codeBytes: Int

    /// Bytes in all.
    public var totalBytes: Int { weightBytes + codeBytes }
  }

  /// The RAM of a program.
  public struct RAM: Codable, Sendable, Equatable {
    /// Bytes of the arena, which holds the network's values.
    public var valueBytes: Int
    /// Bytes of other variables.
    public var variableBytes: Int
    /// The largest stack that was seen, in bytes.
    public var stackBytes: Int
    /// Bytes of stack kept for interrupts.
    public var interruptMarginBytes: Int

    /// Bytes in all.
    public var totalBytes: Int { valueBytes + variableBytes + stackBytes + interruptMarginBytes }
  }

  /// Cycles per image, multiplied by the profile's factors.
  public struct Cycles: Codable, Sendable, Equatable {
    /// The least of any image.
    public var least: Double
    /// The mean over images.
    public var mean: Double
    /// The most of any image.
    public var most: Double
  }

  /// The method by which latencies were found, such as `cycle-exact-sim`.
  public var method: String
  /// The versions of the tools.
  public var versions: [String]
  /// The number of images that were run; 0 where none was.
  public var images: Int
  /// The memories that the program exceeds; empty where it fits.
  public var overflows: [MemoryOverflow]
  /// The flash; `nil` where the program was not linked.
  public var flash: Flash?
  /// The RAM; `nil` where the program was not run.
  public var ram: RAM?
  /// The cycles; `nil` where the program was not run.
  public var cycles: Cycles?
  /// The mean number of instructions per image; `nil` where they are not counted.
  public var instructions: Double?
  /// The mean cycles of each step per image, multiplied by the profile's factors.
  public var stepCycles: [Double]
  /// The outputs of all images as bytes, in the program's numbers.
  public var outputs: Data

  /// True if the program fits.
  public var fits: Bool { overflows.isEmpty }

  /// The outputs image by image, in the program's order.
  public func numbers(_ program: CProgram) -> [[Float]] {
    let (bytes, size) = ([UInt8](outputs), program.outputBytes)
    guard size > 0 else { return [] }
    return stride(from: 0, through: bytes.count - size, by: size).map { start in
      let image = bytes[start..<start + size]
      return program.number == .float
        ? [Float](littleEndian: Array(image)) : image.map { Float(Int8(bitPattern: $0)) }
    }
  }

  /// The result of a program that was not run because it does not fit.
  static func rejected(
    _ overflows: [MemoryOverflow], method: String, versions: [String], images: Int
  ) -> Simulation {
    Simulation(
      method: method, versions: versions, images: images, overflows: overflows, flash: nil, ram: nil,
      cycles: nil, instructions: nil, stepCycles: [], outputs: Data())
  }
}
