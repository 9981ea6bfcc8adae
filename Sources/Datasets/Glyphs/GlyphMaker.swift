import Foundation
import Images
import Settings
import Synchronization
import Tensors

/// The maker of the built-in data set of ten drawn symbols.
///
/// The images are grey PNG files of 28×28 pixels, one folder per class below `train/` and `test/`.
///
///     try GlyphMaker(seed: 0, count: 10_000).write(to: "glyphs")
///
/// Every image depends on (seed, class, number) and the difficulty alone.
public struct GlyphMaker: ImageMaker {
  /// The name of the data set.
  public static let name = "glyphs"
  /// The numbers of images that can be drawn.
  public static let counts = 50...1_000_000
  /// The levels of difficulty: at 0 networks of any size do well, at 1 only large ones.
  public static let levels = 0.0...1.0
  /// The names of the ten classes.
  public static var classes: [String] { GlyphShape.all.map(\.name) }

  /// The seed of every draw.
  public let seed: UInt64
  /// The number of images, spread evenly over the classes; a fifth of each class is for testing.
  public let count: Int
  /// The difficulty, within `levels`.
  public let level: Double
  let difficulty: GlyphDifficulty

  /// Makes a maker of `count` images with a difficulty within `levels`, by default 10 000 at level 1.
  public init(seed: UInt64 = 0, count: Int = 10_000, difficulty level: Double = 1) {
    self.init(seed: seed, count: count, level: level, .level(level))
  }

  init(seed: UInt64, count: Int, level: Double = 1, _ difficulty: GlyphDifficulty) {
    self.seed = seed
    self.count = count
    self.level = level
    self.difficulty = difficulty
  }

  /// Draws one image.
  func image(label: Int, number: Int) -> Image {
    var drawing = GlyphDrawing(difficulty, SeededRandom(seed: seed, purpose: "glyph", label, number))
    return drawing.image(of: GlyphShape.all[label])
  }

  /// Draws every image into a folder, which appears only when complete; an existing folder must be empty.
  public func write(to folder: String, threads: Int = 2) throws(DatasetError) {
    try publish(folder) { part in
      try draw(into: part, threads: threads)
      try Data(manifest.utf8).write(to: URL(filePath: part + "/" + Dataset.manifestName))
    }
  }

  private func draw(into folder: String, threads: Int) throws {
    let jobs = GlyphShape.all.indices.flatMap { label in
      let images = count / GlyphShape.all.count + (label < count % GlyphShape.all.count ? 1 : 0)
      return (0..<images).map { (label: label, number: $0, isTest: $0 % 5 == 4) }
    }
    for part in ["train", "test"] {
      for name in Self.classes {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/\(part)/\(name)", withIntermediateDirectories: true)
      }
    }
    let failure = Mutex<(any Error)?>(nil)
    let parts = max(1, threads)
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      do {
        for position in stride(from: part, to: jobs.count, by: parts) {
          let job = jobs[position]
          let name = String(String(100_000 + job.number).dropFirst())
          let file = "\(folder)/\(job.isTest ? "test" : "train")/\(Self.classes[job.label])/\(name).png"
          let bytes = try ImageEncoder.png(image(label: job.label, number: job.number))
          try Data(bytes).write(to: URL(filePath: file))
        }
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private var manifest: String {
    """
    summary: \(count) drawn symbols of ten kinds, grey, 28x28
    origin: condense data make glyphs --seed \(seed) --count \(count) --difficulty \(level)
    license: Apache-2.0
    path: .
    made: glyphs
    splits: given
    augmentations: [pad-and-crop, cutout, mixup]

    """
  }
}
