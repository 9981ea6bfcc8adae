public import Datasets
public import Execution
public import Tasks
public import Tensors

/// Images for the verification of an export, prepared for the network.
public struct VerificationImages: Sendable {
  /// The images `[images, channels, height, width]`, normalized as the model expects them.
  public let images: Tensor
  /// The annotation of each image, in the model's classes.
  public let truth: [Annotation]
  /// The task of the model.
  public let task: any ImageTask
  /// The backend that runs the model for comparison.
  public let backend: any Backend
  /// The number of compute threads.
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

/// The agreement of an export with its model.
public struct Verification: Sendable, Equatable {
  /// The description of the run and of the reference.
  public var method: String
  /// The number of images.
  public var images: Int
  /// The number of outputs that differ by more than the format's tolerance.
  public var mismatches: Int
  /// The results, one line each: the greatest difference, equal predictions, accuracies.
  public var findings: [String]
  /// True if the export may be used.
  public var isPassed: Bool

  /// The tolerance for floats that are added in another order, as a share of an image's largest output.
  public static let floatTolerance: Float = 1e-4

  /// The error of each output of an image, as a share of the largest finite output.
  ///
  /// It is infinite where exactly one of both is NaN or infinite.
  public static func differences(_ found: some Sequence<Float>, _ expected: [Float]) -> [Float] {
    let largest = expected.reduce(Float(1e-6)) { $1.isFinite ? max($0, abs($1)) : $0 }
    return zip(found, expected).map { found, expected in
      if found == expected || found.isNaN && expected.isNaN { return 0 }
      let difference = abs(found - expected) / largest
      return difference.isNaN ? .infinity : difference
    }
  }

  /// Makes a verification.
  public init(method: String, images: Int, mismatches: Int, findings: [String], isPassed: Bool) {
    self.method = method
    self.images = images
    self.mismatches = mismatches
    self.findings = findings
    self.isPassed = isPassed
  }
}
