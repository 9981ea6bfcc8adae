/// The settings that libgomp reads when it is loaded, before `main`: a command that wants others than it was started
/// with must execute itself again with them, once.
///
///     let missing = TeamEnvironment.missing(from: ProcessInfo.processInfo.environment)
///     if !missing.isEmpty { /* set them, then execv */ }
public enum TeamEnvironment {
  /// What a training process should run with.
  ///
  /// Calls follow each other within microseconds, so a thread that waits spins for some tens of microseconds before it
  /// sleeps; by default libgomp spins for milliseconds, which starves whoever else has work (loaders, other jobs): with
  /// six jobs on two cores a LeNet-5 step took 60 ms so and 300 ms by default. The size of the team never changes by
  /// itself (with `OMP_DYNAMIC` libgomp was seen to hang).
  public static let recommended = [
    "GOMP_SPINCOUNT": "10000",
    "OMP_DYNAMIC": "false",
  ]

  /// The recommended settings that an environment lacks; what a user has set stays, but for `OMP_DYNAMIC`.
  public static func missing(from environment: [String: String]) -> [String: String] {
    recommended.filter { key, value in
      guard let present = environment[key] else { return true }
      return key == "OMP_DYNAMIC" && present.lowercased() != value
    }
  }
}
