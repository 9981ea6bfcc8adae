public import Foundation

/// A processor of the same kind with other instruction sets, emulated by QEMU (Debian's qemu-user, on x86-64).
public struct EmulatedProcessor: Sendable, CustomStringConvertible {
  /// The name that QEMU has for it: `Haswell` has AVX2 and no AVX-512, `Nehalem` SSE4.2 and no AVX.
  public let name: String

  /// Names a processor.
  public init(_ name: String) { self.name = name }

  public var description: String { name }

  /// The program that emulates, and what stands before a command's own words.
  public static let program = URL(filePath: "/usr/bin/qemu-x86_64")
  /// The command as the emulator takes it.
  public func arguments(_ command: [String]) -> [String] { ["-cpu", name] + command }

  /// Whether tests may emulate: the program is there, or it must be there.
  public static var isThere: Bool {
    #if arch(x86_64)
      ProcessInfo.processInfo.environment["CONDENSE_CI"] != nil
        || FileManager.default.isExecutableFile(atPath: program.path)
    #else
      false
    #endif
  }
}
