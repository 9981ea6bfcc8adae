import Foundation
import Reports
import Tensors

/// The prediction for each image as a CSV file (RFC 4180): path, label, prediction, probability.
struct PredictionTable {
  private var text = "path,label,prediction,probability\r\n"

  /// Adds the row of an image.
  mutating func add(_ path: String, truth: String, prediction: String, probability: Double) {
    text += CSVRecord.line([path, truth, prediction, String(format: "%.6f", probability)])
  }

  /// Writes the table to a temporary file beside `path` and renames it.
  func write(to path: String) throws {
    do throws(SystemError) {
      try WholeFile.write(Array(text.utf8), to: path)
    } catch {
      throw CommandFailure(.badInput, "\(path): cannot be written: \(error)")
    }
  }
}
