import Crypto
import Settings
public import Simulation
public import Targets

/// The identity of a trial's reading on a target: the target's profile, and the tools that are present.
///
/// Readings are no part of a trial's address: a new, refitted or corrected board, or a newly installed
/// simulator, costs new readings but no training.
public struct ReadingOrigin: Sendable {
  /// Raised when readings are made in another way.
  static let revision = 1

  /// The SHA-256 in hexadecimal.
  public let digest: String

  /// The origin of readings on a target by a meter; without a meter, of estimates.
  public init(_ profile: TargetProfile, _ meter: TargetMeter?) {
    let tools = meter.map { "without \($0.missingTools(of: profile))" } ?? "estimated"
    let text = "\(Self.revision)\n\(profile.node.canonicalJSON)\n\(tools)"
    digest = SHA256.hash(data: Array(text.utf8)).map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }
}
