import Foundation
import Images
import Settings
import Synchronization
import Tensors

/// The maker of the built-in data set for detectors: drawn symbols with boxes on clutter.
///
/// Each image is a grey PNG file of 64×64 pixels with one to four symbols. The folders are those of PASCAL
/// VOC.
///
///     try SceneMaker(seed: 0, count: 2_000).write(to: "scenes", threads: 2)
///
/// Every image depends on (seed, number) alone; every fifth is for testing. Only additions, multiplications,
/// divisions and square roots are used. IEEE 754 defines their results to the last bit, so the images are the
/// same on every machine.
public struct SceneMaker: ImageMaker {
  /// The name of the data set.
  public static let name = "scenes"
  /// The numbers of images that can be drawn.
  public static let counts = 50...1_000_000
  /// The width and height of an image, in pixels.
  public static let side = 64
  /// The names of the ten classes.
  public static var classes: [String] { GlyphShape.all.map(\.name) }

  /// The seed of every draw.
  public let seed: UInt64
  /// The number of images.
  public let count: Int

  /// Makes a maker of `count` images, by default 2000.
  public init(seed: UInt64 = 0, count: Int = 2_000) { (self.seed, self.count) = (seed, count) }

  /// A symbol with the bounds of the pixels that it covers.
  struct Thing: Equatable {
    let label: Int
    /// The first column and row, and those after the last.
    let (left, top, right, bottom): (Int, Int, Int, Int)

    var box: Box { Box(left: Float(left), top: Float(top), right: Float(right), bottom: Float(bottom)) }
  }

  /// Draws one image, with the symbols in it.
  func scene(number: Int) -> (image: Image, things: [Thing]) {
    var drawing = SceneDrawing(SeededRandom(seed: seed, purpose: "scene", number))
    return drawing.scene()
  }

  /// Draws images, annotations, lists of the splits and a manifest into a folder, which must be new or empty.
  public func write(to folder: String, threads: Int) throws(DatasetError) {
    try publish(folder) { part in
      for name in ["JPEGImages", "Annotations", "ImageSets/Main"] {
        try FileManager.default.createDirectory(atPath: part + "/" + name, withIntermediateDirectories: true)
      }
      try draw(into: part, threads: threads)
      for (list, isTest) in [("train", false), ("test", true)] {
        let names = (0..<count).filter { ($0 % 5 == 4) == isTest }.map(Self.name)
        try Data((names.joined(separator: "\n") + "\n").utf8).write(
          to: URL(filePath: part + "/ImageSets/Main/\(list).txt"))
      }
      try Data(manifest.utf8).write(to: URL(filePath: part + "/" + Dataset.manifestName))
    }
  }

  private static func name(_ number: Int) -> String { String(String(10_000_000 + number).dropFirst(2)) }

  private func draw(into folder: String, threads: Int) throws {
    let failure = Mutex<(any Error)?>(nil)
    let parts = max(1, threads)
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      do {
        for number in stride(from: part, to: count, by: parts) {
          let (image, things) = scene(number: number)
          let name = Self.name(number)
          try Data(try ImageEncoder.png(image)).write(to: URL(filePath: "\(folder)/JPEGImages/\(name).png"))
          try Data(Self.annotation(of: things, name).utf8).write(
            to: URL(filePath: "\(folder)/Annotations/\(name).xml"))
        }
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Returns a VOC annotation, whose coordinates count from 1 and include the last pixel.
  private static func annotation(of things: [Thing], _ name: String) -> String {
    let objects = things.map { thing in
      """
        <object>
          <name>\(classes[thing.label])</name>
          <difficult>0</difficult>
          <bndbox><xmin>\(thing.left + 1)</xmin><ymin>\(thing.top + 1)</ymin><xmax>\(thing.right)</xmax><ymax>\(thing.bottom)</ymax></bndbox>
        </object>
      """
    }
    return """
      <annotation>
        <filename>\(name).png</filename>
        <size><width>\(side)</width><height>\(side)</height><depth>1</depth></size>
      \(objects.joined(separator: "\n"))
      </annotation>

      """
  }

  private var manifest: String {
    """
    summary: \(count) scenes of drawn symbols with boxes, grey, 64x64
    origin: condense data make scenes --seed \(seed) --count \(count)
    license: Apache-2.0
    path: .
    made: scenes
    splits: given
    augmentations: [color-jitter, zoom-out, box-crop]

    """
  }
}

/// A drawing of one scene.
private struct SceneDrawing {
  private static let side = SceneMaker.side
  private var random: SeededRandom
  private var values: [Double] = []

  init(_ random: SeededRandom) { self.random = random }

  mutating func scene() -> (image: Image, things: [SceneMaker.Thing]) {
    let background = uniform(20...70)
    values = Array(repeating: background, count: Self.side * Self.side)
    for _ in 0..<random.below(7) { addStroke(background) }
    var things: [SceneMaker.Thing] = []
    for _ in 0..<1 + random.below(4) {
      // After ten attempts without a free place the image has one symbol fewer.
      for _ in 0..<10 {
        let label = random.below(GlyphShape.all.count)
        let pieces = pieces(of: GlyphShape.all[label])
        let width = uniform(1.6...3)
        guard let thing = extent(of: pieces, width: width, label),
          !things.contains(where: { $0.box.overlap(with: thing.box) > 0.05 })
        else { continue }
        draw(pieces, width: width, level: background + uniform(90...180))
        things.append(thing)
        break
      }
    }
    let noise = uniform(0...10)
    let pixels = values.map { UInt8(min(255, max(0, ($0 + noise * deviate()).rounded()))) }
    return (Image(width: Self.side, height: Self.side, channels: 1, pixels: pixels), things)
  }

  private mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * Double(random.uniform())
  }

  /// Returns a random number with mean 0 and standard deviation 1: a sum of three uniform ones, scaled.
  private mutating func deviate() -> Double {
    2 * (Double(random.uniform()) + Double(random.uniform()) + Double(random.uniform()) - 1.5)
  }

  /// Returns the pieces of a symbol of 12 to 36 pixels, slightly rotated, wholly within the image.
  private mutating func pieces(of shape: GlyphShape) -> [GlyphPiece] {
    let turn = ExactTurn(degrees: uniform(-15...15))
    let half = uniform(6...18)
    let stretch = uniform(-0.2...0.2)
    let room = half * 1.5
    let centre = GlyphPoint(
      uniform(room...Double(Self.side) - room), uniform(room...Double(Self.side) - room))
    return shape.strokes.flatMap { stroke in
      let points = stroke.map { point in
        let (x, y) = (point.x * (1 + stretch), point.y * (1 - stretch))
        return GlyphPoint(
          centre.x + half * (turn.cosine * x - turn.sine * y),
          centre.y + half * (turn.sine * x + turn.cosine * y))
      }
      return zip(points, points.dropFirst()).map { GlyphPiece(start: $0, end: $1) }
    }
  }

  private mutating func addStroke(_ background: Double) {
    let turn = ExactTurn(degrees: uniform(-180...180))
    let length = uniform(4...14)
    let start = GlyphPoint(uniform(0...Double(Self.side)), uniform(0...Double(Self.side)))
    let end = GlyphPoint(start.x + length * turn.cosine, start.y + length * turn.sine)
    draw(
      [GlyphPiece(start: start, end: end)], width: uniform(1.2...2.5), level: background + uniform(40...140))
  }

  /// Returns the bounds of the pixels that strokes cover by at least half; `nil` if there are none.
  private func extent(of pieces: [GlyphPiece], width: Double, _ label: Int) -> SceneMaker.Thing? {
    var (left, top, right, bottom) = (Self.side, Self.side, 0, 0)
    forEachPixel(of: pieces, width: width) { row, column, share in
      guard share >= 0.5 else { return }
      (left, top) = (min(left, column), min(top, row))
      (right, bottom) = (max(right, column + 1), max(bottom, row + 1))
    }
    return left < right && top < bottom
      ? SceneMaker.Thing(label: label, left: left, top: top, right: right, bottom: bottom) : nil
  }

  private mutating func draw(_ pieces: [GlyphPiece], width: Double, level: Double) {
    var drawn = values
    forEachPixel(of: pieces, width: width) { row, column, share in
      let place = row * Self.side + column
      drawn[place] = max(drawn[place], drawn[place] + share * (level - drawn[place]))
    }
    values = drawn
  }

  /// Calls `body` with every pixel that a stroke touches and the share of it that is covered.
  ///
  /// The share falls from 1 to 0 over one pixel at the edges.
  private func forEachPixel(of pieces: [GlyphPiece], width: Double, _ body: (Int, Int, Double) -> Void) {
    let reach = width / 2 + 0.5
    for piece in pieces {
      for row in Self.band(piece.start.y, piece.end.y, reach) {
        for column in Self.band(piece.start.x, piece.end.x, reach) {
          let square = piece.squaredDistance(Double(column) + 0.5, Double(row) + 0.5)
          guard square < reach * reach else { continue }
          body(row, column, min(1, reach - square.squareRoot()))
        }
      }
    }
  }

  /// Returns the rows or columns that a piece may touch.
  private static func band(_ a: Double, _ b: Double, _ reach: Double) -> Range<Int> {
    let low = min(max(Int((min(a, b) - reach).rounded(.down)), 0), side)
    let high = min(max(Int((max(a, b) + reach).rounded(.up)), 0), side)
    return low..<max(low, high)
  }
}
