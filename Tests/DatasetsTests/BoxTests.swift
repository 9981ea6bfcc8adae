import Images
import Settings
import Tensors
import Testing

@testable import Datasets

@Suite("Boxes through augmentations")
struct BoxTests {
  /// A white rectangle on black, with the box around it.
  private static func sample(_ box: Box, width: Int = 32, height: Int = 24) -> Sample {
    var pixels = [UInt8](repeating: 0, count: width * height)
    for y in Int(box.top)..<Int(box.bottom) {
      for x in Int(box.left)..<Int(box.right) { pixels[y * width + x] = 255 }
    }
    return Sample(
      image: Image(width: width, height: height, channels: 1, pixels: pixels),
      annotation: .boxes([LabelledBox(label: 3, box: box)]))
  }

  private static func boxes(_ sample: Sample) -> [LabelledBox] {
    if case .boxes(let boxes) = sample.annotation { boxes } else { [] }
  }

  /// The box around all pixels brighter than half.
  private static func bright(_ image: Image) -> Box? {
    let places = (0..<image.width * image.height).filter { image.pixels[$0] > 127 }
    let (xs, ys) = (places.map { $0 % image.width }, places.map { $0 / image.width })
    guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max() else {
      return nil
    }
    return Box(left: Float(left), top: Float(top), right: Float(right + 1), bottom: Float(bottom + 1))
  }

  @Test(
    "A box stays around what it is around, whatever moves the pixels", arguments: AugmentationCatalogue.names)
  func follows(name: String) throws {
    let augmentation = try AugmentationCatalogue.read(name.node)[0]
    let box = Box(left: 8, top: 6, right: 20, bottom: 15)
    var seen = 0
    for view in 0..<60 {
      var sample = Self.sample(box)
      var random = SeededRandom(seed: UInt64(view), purpose: name)
      augmentation.apply(to: &sample, random: &random)
      let boxes = Self.boxes(sample)
      guard let bright = Self.bright(sample.image), let found = boxes.first else { continue }
      seen += 1
      #expect(boxes.count == 1 && found.label == 3)
      guard name != Cutout.name, name != ColorJitter.name else {
        #expect(found.box == box)
        continue
      }
      // The slack covers half a pixel of interpolation, more after enlarging, and the blurred corners of
      // rotated rectangles.
      let slack: Float =
        name == ShiftRotateScale.name ? 1.6 : name == BoxCrop.name ? 2 : name == ZoomOut.name ? 1.2 : 1e-4
      for (a, b) in [
        (found.box.left, bright.left), (found.box.top, bright.top), (found.box.right, bright.right),
        (found.box.bottom, bright.bottom),
      ] { #expect(abs(a - b) <= slack, "\(name) \(view): \(found.box), seen \(bright)") }
    }
    #expect(seen == 60)
  }

  @Test("Boxes are cut off at the edge, and go when too little is left")
  func edges() throws {
    var sample = Self.sample(Box(left: 0, top: 0, right: 8, bottom: 8))
    sample.moveBoxes { x, y in (x - 4, y) }
    #expect(Self.boxes(sample).map(\.box) == [Box(left: 0, top: 0, right: 4, bottom: 8)])
    sample = Self.sample(Box(left: 0, top: 0, right: 8, bottom: 8))
    sample.moveBoxes { x, y in (x - 7, y) }
    #expect(Self.boxes(sample).isEmpty)
    sample = Self.sample(Box(left: 0, top: 0, right: 8, bottom: 8))
    sample.moveBoxes { x, y in (x - 100, y) }
    #expect(Self.boxes(sample).isEmpty)
  }
}
