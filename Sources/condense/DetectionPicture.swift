import Datasets
import Foundation
import Graphs
import Images
import Settings
import Tasks
import Tensors

/// An image given to a detector: converts boxes from the network's pixels to the image's, and draws them.
struct DetectionPicture {
  private let path: String
  private let image: Image
  private let across, down: Float

  init(_ path: String, input: InputDescription) throws {
    self.path = path
    let bytes = try failing(.badInput) { try [UInt8](Data(contentsOf: URL(filePath: path))) }
    do throws(ImageError) {
      image = try ImageDecoder().decode(bytes).converted(toChannels: 3)
    } catch {
      throw CommandFailure(.badInput, "\(path): \(error)")
    }
    across = Float(image.width) / Float(input.shape[2])
    down = Float(image.height) / Float(input.shape[1])
  }

  /// The answer with its box in pixels of the image.
  func placed(_ answer: Answer) -> Answer {
    let box = answer.box.map { $0.moved { ($0 * across, $1 * down) } }
    return Answer(label: answer.label, confidence: answer.confidence, box: box)
  }

  /// Draws the boxes of answers into the file `FOLDER/NAME.png`.
  func write(_ answers: [Answer], to folder: String) throws {
    var picture = image
    let thickness = max(1, min(image.width, image.height) / 200)
    for answer in answers.reversed() {
      guard let box = answer.box else { continue }
      picture.drawFrame(
        left: Int(box.left.rounded()), top: Int(box.top.rounded()), right: Int(box.right.rounded()),
        bottom: Int(box.bottom.rounded()), thickness: thickness, color: Image.markColor(answer.label))
    }
    let name = URL(filePath: path).deletingPathExtension().lastPathComponent + ".png"
    let target = URL(filePath: folder).appending(path: name).path(percentEncoded: false)
    guard URL(filePath: target).standardizedFileURL != URL(filePath: path).standardizedFileURL else {
      throw CommandFailure(.usage, "\(target): is the image itself; choose another folder")
    }
    let drawn = picture
    try failing(.badInput) { try WholeFile.write(try ImageEncoder.png(drawn), to: target) }
  }
}
