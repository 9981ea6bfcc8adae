import Datasets
import Images
import Settings
import Tensors
import Testing

@Suite("Augmentations")
struct AugmentationTests {
  static let shapes: [(width: Int, height: Int, channels: Int)] = [
    (8, 8, 3), (5, 9, 1), (1, 1, 1), (13, 4, 3),
  ]

  private func view(_ augmentation: any Augmentation, _ sample: Sample, index: Int) -> Sample {
    var copy = sample
    var random = SeededRandom(seed: 3, purpose: "test", 0, index)
    augmentation.apply(to: &copy, random: &random)
    return copy
  }

  @Test("equal keys give equal bytes, and shape and label stay", arguments: AugmentationCatalogue.names)
  func lawful(_ name: String) throws {
    let augmentation = try #require(AugmentationCatalogue.read(SettingsNode(.string(name))).first)
    for shape in Self.shapes {
      let image = TestImages.image(5, width: shape.width, height: shape.height, channels: shape.channels)
      let sample = Sample(image: image, annotation: .label(7))
      for index in 0..<20 {
        let once = view(augmentation, sample, index: index)
        let again = view(augmentation, sample, index: index)
        #expect(once.image == again.image)
        #expect(once.image.width == image.width && once.image.height == image.height)
        #expect(once.image.channels == image.channels && once.image.pixels.count == image.pixels.count)
        #expect(once.annotation.label == 7)
      }
    }
  }

  @Test("at no strength nothing changes", arguments: AugmentationCatalogue.names)
  func identity(_ name: String) throws {
    let type = try #require(AugmentationCatalogue.all.first { $0.name == name })
    for shape in Self.shapes {
      let image = TestImages.image(9, width: shape.width, height: shape.height, channels: shape.channels)
      for index in 0..<10 {
        let sample = Sample(image: image, annotation: .label(1))
        #expect(view(type.identity, sample, index: index).image == image)
      }
    }
    var random = SeededRandom(seed: 1, purpose: "test")
    let share = type.identity.share(random: &random)
    #expect(share == nil)
  }

  @Test("by default something changes", arguments: AugmentationCatalogue.names)
  func effective(_ name: String) throws {
    let augmentation = try #require(AugmentationCatalogue.read(SettingsNode(.string(name))).first)
    let image = TestImages.image(5, width: 16, height: 16)
    let sample = Sample(image: image, annotation: .label(0))
    let changed = (0..<20).filter { view(augmentation, sample, index: $0).image != image }.count
    var random = SeededRandom(seed: 3, purpose: "share")
    let share = augmentation.share(random: &random)
    #expect(changed >= 5 || share.map { $0 > 0 && $0 < 1 } ?? false)
  }

  @Test("what is written is read back", arguments: AugmentationCatalogue.names)
  func roundTrip(_ name: String) throws {
    let list = try AugmentationCatalogue.read(SettingsNode(.list([SettingsNode(.string(name))])))
    let again = try AugmentationCatalogue.read(AugmentationCatalogue.write(list))
    #expect(AugmentationCatalogue.write(again) == AugmentationCatalogue.write(list))
    #expect(type(of: again[0]).name == name)
  }

  @Test("a crop is the image moved over black")
  func crop() {
    let image = TestImages.image(2, width: 6, height: 5)
    var crop = PadAndCrop()
    crop.pixels = 9
    for index in 0..<60 {
      let moved = view(crop, Sample(image: image, annotation: .label(0)), index: index).image
      let fits = (-9...9).contains { down in
        (-9...9).contains { right in moved == Self.moved(image, down: down, right: right) }
      }
      #expect(fits)
    }
  }

  private static func moved(_ image: Image, down: Int, right: Int) -> Image {
    var copy = image
    for y in 0..<image.height {
      for x in 0..<image.width {
        for c in 0..<3 {
          let inside = (0..<image.height).contains(y + down) && (0..<image.width).contains(x + right)
          copy.pixels[(y * image.width + x) * 3 + c] =
            inside ? image.pixels[((y + down) * image.width + x + right) * 3 + c] : 0
        }
      }
    }
    return copy
  }

  @Test("a flip with probability one mirrors every row, and twice is nothing")
  func flip() {
    var flip = Flip()
    flip.probability = 1
    let image = TestImages.image(4, width: 5, height: 2, channels: 1)
    let once = view(flip, Sample(image: image, annotation: .label(0)), index: 0)
    let rows = [Array(image.pixels[0..<5].reversed()), Array(image.pixels[5..<10].reversed())]
    #expect(once.image.pixels == rows.flatMap { $0 })
    #expect(view(flip, once, index: 1).image == image)
  }

  @Test("a turn is about the centre pixel, which stays")
  func turn() {
    let image = TestImages.image(6, width: 7, height: 7, channels: 1)
    var turn = ShiftRotateScale.identity
    turn.degrees = 180
    var seen = 0
    for index in 0..<400 {
      let turned = view(turn, Sample(image: image, annotation: .label(0)), index: index).image
      #expect(turned.pixels[24] == image.pixels[24])
      if turned != image { seen += 1 }
    }
    #expect(seen > 300)
  }

  @Test("mixup's shares follow the Beta distribution's mean and variance")
  func shares() {
    var mixup = Mixup()
    for alpha in [0.2, 1, 4] as [Float] {
      mixup.alpha = alpha
      var random = SeededRandom(seed: 11, purpose: "mixup")
      let shares = (0..<20_000).compactMap { _ in mixup.share(random: &random) }
      let mean = shares.reduce(0, +) / Float(shares.count)
      let variance = shares.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Float(shares.count)
      #expect(abs(mean - 0.5) < 0.01)
      #expect(abs(variance - 1 / (4 * (2 * alpha + 1))) < 0.005)
      #expect(shares.allSatisfy { $0 >= 0 && $0 <= 1 })
    }
  }

  @Test("an augmentation given twice is refused, since both would draw the same")
  func twice() {
    let names = ["flip", "cutout", "flip"].map { SettingsNode(.string($0)) }
    #expect {
      try AugmentationCatalogue.read(SettingsNode(.list(names)))
    } throws: { "\($0)".contains("\"flip\" is given twice") }
  }

  @Test("a misspelt augmentation is refused with the likely name")
  func misspelt() {
    #expect {
      try AugmentationCatalogue.read(SettingsNode(.list([SettingsNode(.string("flipp"))])))
    } throws: { error in
      "\(error)".contains("did you mean \"flip\"")
    }
  }
}
