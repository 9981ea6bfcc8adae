import Crypto
import Settings
public import Simulation
public import Targets

/// What a trial's reading on a target depends on beside the model: the profile, and which of its tools are here.
///
/// Readings are no part of a trial's address: a board that is added, refitted or corrected, or a simulator that is
/// installed, costs new readings and no training.
public struct ReadingOrigin: Sendable {
  /// Raised when readings are taken in another way.
  static let revision = 1

  /// SHA-256, hexadecimal.
  public let digest: String

  /// The origin of readings on a target by a meter; `nil` estimates alone.
  public init(_ profile: TargetProfile, _ meter: TargetMeter?) {
    let tools = meter.map { "without \($0.missingTools(of: profile))" } ?? "estimated"
    let text = "\(Self.revision)\n\(profile.node.canonicalJSON)\n\(tools)"
    digest = SHA256.hash(data: Array(text.utf8)).map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }
}
