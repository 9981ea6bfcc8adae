public import Foundation

/// A processor of this architecture with other instruction sets, emulated by QEMU (Debian's qemu-user, on
/// x86-64).
public struct EmulatedProcessor: Sendable, CustomStringConvertible {
  /// The name in QEMU: `Haswell` has AVX2 and no AVX-512, `Nehalem` has SSE4.2 and no AVX.
  public let name: String

  /// Creates a processor from its name in QEMU.
  public init(_ name: String) { self.name = name }

  /// The name in QEMU.
  public var description: String { name }

  /// The emulating program.
  public static let program = URL(filePath: "/usr/bin/qemu-x86_64")
  /// The arguments with which the emulator runs a command.
  public func arguments(_ command: [String]) -> [String] { ["-cpu", name] + command }

  /// True if tests may emulate: the program is installed, or continuous integration requires it.
  public static var isThere: Bool {
    #if arch(x86_64)
      ProcessInfo.processInfo.environment["CONDENSE_CI"] != nil
        || FileManager.default.isExecutableFile(atPath: program.path)
    #else
      false
    #endif
  }
}
