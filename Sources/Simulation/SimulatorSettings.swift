import Settings
import Targets

extension Setting where Owner: Simulator {
  /// The setting for the compiler's name.
  static func compiler(_ path: WritableKeyPath<Owner, String>) -> Setting {
    Setting(
      "compiler", path, expected: "the name of a compiler, which ends with gcc or clang",
      "the cross compiler",
      accepts: GNUToolchain.accepts(compiler:))
  }

  /// The setting for the compiler's flags.
  static func flags(_ path: WritableKeyPath<Owner, [String]>) -> Setting {
    Setting(
      "flags", path, expected: "a list of flags -O…, -m…, -std=…, -fno-…, -ffast-math, -funroll-loops, -flto",
      "the compiler's flags"
    ) { $0.allSatisfy(GNUToolchain.accepts(flag:)) }
  }

  /// The setting for a constant with its source, in a range.
  static func constant(
    _ name: String, _ path: WritableKeyPath<Owner, Sourced>, in range: ClosedRange<Double>,
    _ summary: String
  ) -> Setting {
    Setting(
      name, path, expected: "\(Sourced.expectation), the number in \(range.lowerBound)...\(range.upperBound)",
      summary
    ) { range.contains($0.value) }
  }
}
