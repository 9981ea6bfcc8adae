import Export
public import Targets

/// The memory of a target, in bytes; `nil` where it is no limit.
public struct MemoryLimits: Sendable, Equatable {
  public var flashBytes: Int?
  public var ramBytes: Int?

  /// Makes limits.
  public init(flashBytes: Int?, ramBytes: Int?) {
    self.flashBytes = flashBytes
    self.ramBytes = ramBytes
  }

  /// Those of a profile.
  public init(_ profile: TargetProfile) {
    self.init(
      flashBytes: profile.flashBytes.map { Int($0.value) }, ramBytes: profile.ramBytes.map { Int($0.value) })
  }
}

/// Something that does not fit.
public struct MemoryOverflow: Codable, Sendable, Equatable, CustomStringConvertible {
  /// `flash` or `RAM`.
  public var memory: String
  /// Bytes too many.
  public var bytes: Int
  /// Where it was seen: `weights alone`, `linked`, `with stack and interrupt margin`.
  public var stage: String

  /// `flash: 120 bytes too many (linked)`.
  public var description: String { "\(memory): \(bytes) bytes too many (\(stage))" }

  /// What exceeds a limit; `nil` where nothing does.
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
  /// What cannot fit whatever the compiler does: weights beyond the flash, values and the margin beyond the RAM.
  func staticOverflows(_ limits: MemoryLimits, interruptMarginBytes margin: Int) -> [MemoryOverflow] {
    [
      MemoryOverflow("flash", needed: weightBytes, limit: limits.flashBytes, stage: "weights alone"),
      MemoryOverflow(
        "RAM", needed: arenaBytes + margin, limit: limits.ramBytes, stage: "values and interrupt margin alone"
      ),
    ].compactMap(\.self)
  }
}
