/// Why a comparison cannot go on.
public enum ComparisonError: Error, Sendable, CustomStringConvertible {
  case runDirectory(path: String, reason: String)
  case noTestImages(path: String)
  case notForFit(path: String)
  case tooLittleTime(seconds: Double, needed: Double)
  case noFittingStudent(target: String, reasons: [String])
  case nothingFits(target: String, smallest: String?)

  /// *where: what; what to do*.
  public var description: String {
    switch self {
    case .runDirectory(let path, let reason): "\(path): \(reason)"
    case .noTestImages(let path):
      "\(path): has no test images, by which students could be ranked; give it a test/ folder, or let val/ be tested on (val-folder: test)"
    case .notForFit(let path):
      "\(path): is no data of one class an image, which fits are of; write a recipe for other tasks"
    case .tooLittleTime(let seconds, let needed):
      "--time-limit: \(Int(seconds)) s are too few for one pass of a teacher over these images; give at least \(Int(needed.rounded(.up))) s, or smaller images (--side)"
    case .noFittingStudent(let target, let reasons) where reasons.isEmpty:
      "\(target): no student was done in the time; call again to go on where this stopped, or give more time"
    case .noFittingStudent(let target, let reasons):
      "\(target): no student keeps the limits: \(reasons.joined(separator: "; "))"
    case .nothingFits(let target, let smallest):
      "\(target): no student that this program knows keeps its limits\(smallest.map { "; the one with the least RAM is \($0)" } ?? ""); allow more memory or time, or give smaller images (--side)"
    }
  }
}
