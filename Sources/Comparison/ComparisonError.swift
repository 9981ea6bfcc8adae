/// The reason why a comparison cannot continue.
public enum ComparisonError: Error, Sendable, CustomStringConvertible {
  /// A run's directory that cannot be used.
  case runDirectory(path: String, reason: String)
  /// Data without test images.
  case noTestImages(path: String)
  /// Data that is not classification, which `condense fit` needs.
  case notForFit(path: String)
  /// A time that is too short for a fit.
  case tooLittleTime(seconds: Double, needed: Double)
  /// Students none of which keeps the limits of the device.
  case noFittingStudent(target: String, reasons: [String])
  /// A device that no student fits.
  case nothingFits(target: String, smallest: String?)

  /// The message: *where: what was found, and what to do*.
  public var description: String {
    switch self {
    case .runDirectory(let path, let reason): "\(path): \(reason)"
    case .noTestImages(let path):
      "\(path): has no test images to rank students by; add a test/ folder, or test on val/ (val-folder: test)"
    case .notForFit(let path):
      "\(path): is not data with one class for each image, which fit needs; write a recipe for other tasks"
    case .tooLittleTime(let seconds, let needed):
      "--time-limit: \(Int(seconds)) s are not enough for one pass of a teacher over these images; give at least \(Int(needed.rounded(.up))) s, or smaller images (--side)"
    case .noFittingStudent(let target, let reasons) where reasons.isEmpty:
      "\(target): no student was finished in time; call again to continue, or give more time"
    case .noFittingStudent(let target, let reasons):
      "\(target): no student keeps the limits: \(reasons.joined(separator: "; "))"
    case .nothingFits(let target, let smallest):
      "\(target): none of the known students keeps its limits\(smallest.map { "; the one with the least RAM is \($0)" } ?? ""); allow more memory or time, or give smaller images (--side)"
    }
  }
}
