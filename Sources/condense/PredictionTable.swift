import Foundation
import Tensors

/// Every image's prediction as a CSV file (RFC 4180): path, label, prediction, probability.
struct PredictionTable {
  private var text = "path,label,prediction,probability\r\n"

  /// Adds an image.
  mutating func add(_ path: String, label: String, prediction: String, probability: Double) {
    let fields = [path, label, prediction].map(Self.quoted) + [String(format: "%.6f", probability)]
    text += fields.joined(separator: ",") + "\r\n"
  }

  /// Writes the table beside `path` and renames it.
  func write(to path: String) throws {
    do throws(SystemError) {
      try WholeFile.write(Array(text.utf8), to: path)
    } catch {
      throw CommandFailure(.badInput, "\(path): cannot be written: \(error)")
    }
  }

  /// A field in quotes where it needs them.
  static func quoted(_ field: String) -> String {
    guard field.contains(where: { ",\"\r\n".contains($0) || $0 == "\r\n" }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}
