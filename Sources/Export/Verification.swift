public import Datasets
public import Execution
public import Tasks
public import Tensors

/// Images that an export is tried on, ready to be fed to the network.
public struct VerificationImages: Sendable {
  /// `[N, C, H, W]`, normalized as the model expects it.
  public let images: Tensor
  /// What is known about each image, in the model's classes.
  public let truth: [Annotation]
  /// What the model is asked.
  public let task: any ImageTask
  /// What runs the model, to compare with.
  public let backend: any Backend
  /// Compute threads.
  public let threads: Int

  /// Makes a set of images.
  public init(
    images: Tensor, truth: [Annotation], task: any ImageTask, backend: any Backend, threads: Int
  ) {
    self.images = images
    self.truth = truth
    self.task = task
    self.backend = backend
    self.threads = threads
  }
}

/// How far an export agrees with the model that it was made of.
public struct Verification: Sendable, Equatable {
  /// What was run and what it was compared with, in words.
  public var method: String
  /// The images that were tried.
  public var images: Int
  /// Logits that differ by more than the format allows.
  public var mismatches: Int
  /// What was found, a line each: the greatest difference, equal predictions, accuracies.
  public var findings: [String]
  /// Whether the export may be used.
  public var isPassed: Bool

  /// How far floats that were added in another order may differ, as a share of an image's largest output.
  public static let floatTolerance: Float = 1e-4

  /// How far each of an image's outputs is off, as a share of the largest that is finite; infinite where one alone is no
  /// number, or infinite.
  public static func differences(_ found: some Sequence<Float>, _ expected: [Float]) -> [Float] {
    let largest = expected.reduce(Float(1e-6)) { $1.isFinite ? max($0, abs($1)) : $0 }
    return zip(found, expected).map { found, expected in
      if found == expected || found.isNaN && expected.isNaN { return 0 }
      let difference = abs(found - expected) / largest
      return difference.isNaN ? .infinity : difference
    }
  }

  /// Makes a finding.
  public init(method: String, images: Int, mismatches: Int, findings: [String], isPassed: Bool) {
    self.method = method
    self.images = images
    self.mismatches = mismatches
    self.findings = findings
    self.isPassed = isPassed
  }
}
