import Export
public import Targets

/// The memory sizes of a target in bytes; `nil` for a memory without a limit.
public struct MemoryLimits: Sendable, Equatable {
  /// The size of the flash in bytes.
  public var flashBytes: Int?
  /// The size of the RAM in bytes.
  public var ramBytes: Int?

  /// Makes limits in bytes.
  public init(flashBytes: Int?, ramBytes: Int?) {
    self.flashBytes = flashBytes
    self.ramBytes = ramBytes
  }

  /// Takes the limits of a profile.
  public init(_ profile: TargetProfile) {
    self.init(
      flashBytes: profile.flashBytes.map { Int($0.value) }, ramBytes: profile.ramBytes.map { Int($0.value) })
  }
}

/// A memory that a program exceeds.
public struct MemoryOverflow: Codable, Sendable, Equatable, CustomStringConvertible {
  /// The memory: `flash` or `RAM`.
  public var memory: String
  /// The bytes beyond the limit.
  public var bytes: Int
  /// The stage at which it was found: `weights alone`, `linked`, `with stack and interrupt margin` and the
  /// like.
  public var stage: String

  /// The overflow in words: `flash: 120 bytes too many (linked)`.
  public var description: String { "\(memory): \(bytes) bytes too many (\(stage))" }

  /// The overflow of a memory; `nil` where the limit is kept.
  init?(_ memory: String, needed: Int, limit: Int?, stage: String) {
    guard let limit, needed > limit else { return nil }
    self.init(memory: memory, bytes: needed - limit, stage: stage)
  }

  init(memory: String, bytes: Int, stage: String) {
    self.memory = memory
    self.bytes = bytes
    self.stage = stage
  }
}

extension CProgram {
  /// The overflows that no compiler can avoid: weights beyond the flash, values and the margin beyond the
  /// RAM.
  func staticOverflows(_ limits: MemoryLimits, interruptMarginBytes margin: Int) -> [MemoryOverflow] {
    [
      MemoryOverflow("flash", needed: weightBytes, limit: limits.flashBytes, stage: "weights alone"),
      MemoryOverflow(
        "RAM", needed: arenaBytes + margin, limit: limits.ramBytes, stage: "values and interrupt margin alone"
      ),
    ].compactMap(\.self)
  }
}
