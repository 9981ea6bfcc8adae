import Images
public import Settings
public import Tensors

/// Cuts out a part of the image that still shows things, and resizes it to the image's size.
///
/// One of seven demands is drawn, all equally likely. One takes the whole image, one takes any part, and five
/// ask that a thing and the part have an intersection over union of at least 0.1, 0.3, 0.5, 0.7 or 0.9. Parts
/// are then drawn until one meets the demand, at most 50 times; if none does, the image stays as it is. A
/// part's sides are `scale` to 1 of the image's, and its aspect is a half to two times the image's.
///
/// Things whose centres lie in the part stay, cut off at its edges. A part of an image with things must hold
/// at least one centre. An image with a class for the whole meets every demand.
///
/// **Paper** Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325.
public struct BoxCrop: Augmentation {
  /// The name in recipes: `box-crop`.
  public static let name = "box-crop"
  /// One line for lists and documentation.
  public static let summary = "cut out a part in which things are left"
  /// The crop with probability 0.
  public static var identity: BoxCrop {
    var value = BoxCrop()
    value.probability = 0
    return value
  }

  /// The share of views that draw a demand, 0...1; a seventh of these takes the whole image.
  public var probability: Float = 1
  /// The smallest share of each side that a part has, 0.05...1.
  public var scale: Float = 0.3

  /// Makes the crop with its defaults: probability 1, scale 0.3.
  public init() {}
  /// Settings: `probability`, `scale`.
  public static var settings: [Setting<BoxCrop>] {
    [
      Setting("probability", \.probability, in: 0...1, "share of the views for which a part is drawn"),
      Setting("scale", \.scale, in: 0.05...1, "least share of a side that is left"),
    ]
  }

  private static let demands: [Float?] = [nil, 0.1, 0.3, 0.5, 0.7, 0.9, 0]
  private static let tries = 50

  /// Crops the image to a random part and moves the boxes along.
  public func apply(to sample: inout Sample, random: inout SeededRandom) {
    guard random.uniform() < probability, let demand = Self.demands[random.below(Self.demands.count)] else {
      return
    }
    let (width, height) = (sample.image.width, sample.image.height)
    for _ in 0..<Self.tries {
      let across = Int((random.uniform(in: scale...1) * Float(width)).rounded())
      let down = Int((random.uniform(in: scale...1) * Float(height)).rounded())
      guard across > 0, down > 0 else { continue }
      // Measured in shares of the sides, so that a wide image gets wide parts.
      let aspect = Float(across) * Float(height) / (Float(down) * Float(width))
      guard (0.5...2).contains(aspect) else { continue }
      let (left, top) = (random.below(width - across + 1), random.below(height - down + 1))
      let part = Box(
        left: Float(left), top: Float(top), right: Float(left + across), bottom: Float(top + down))
      guard Self.meets(demand, part, sample.annotation) else { continue }
      cut(part, from: &sample)
      return
    }
  }

  /// Returns true if a thing has this intersection over union with the part, and one has its centre in it.
  private static func meets(_ demand: Float, _ part: Box, _ annotation: Annotation) -> Bool {
    guard case .boxes(let things) = annotation, !things.isEmpty else { return true }
    return things.contains { $0.box.overlap(with: part) >= demand }
      && things.contains { part.holdsCentre(of: $0.box) }
  }

  private func cut(_ part: Box, from sample: inout Sample) {
    let (width, height, channels) = (sample.image.width, sample.image.height, sample.image.channels)
    let (left, top) = (Int(part.left), Int(part.top))
    let (across, down) = (Int(part.right) - left, Int(part.bottom) - top)
    if case .boxes(let things) = sample.annotation {
      let (x, y) = (Float(width) / Float(across), Float(height) / Float(down))
      sample.annotation = .boxes(
        things.filter { part.holdsCentre(of: $0.box) }.map { thing in
          var thing = thing
          thing.box = thing.box.moved { (($0 - part.left) * x, ($1 - part.top) * y) }
            .clipped(width: Float(width), height: Float(height))
          return thing
        })
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(across * down * channels)
    for row in top..<top + down {
      let start = (row * width + left) * channels
      pixels += sample.image.pixels[start..<start + across * channels]
    }
    sample.image = Image(width: across, height: down, channels: channels, pixels: pixels).resized(
      width: width, height: height)
  }
}

extension Box {
  /// Returns true if the centre of another box lies within this one.
  fileprivate func holdsCentre(of other: Box) -> Bool {
    let (x, y) = ((other.left + other.right) / 2, (other.top + other.bottom) / 2)
    return x >= left && x < right && y >= top && y < bottom
  }
}
