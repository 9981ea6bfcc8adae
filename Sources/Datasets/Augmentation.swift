public import Images
public import Settings
public import Tensors

/// One image with its annotation; augmentations change both together.
public struct Sample: Sendable {
  /// The pixels, interleaved bytes in rows.
  public var image: Image
  /// The annotation; its boxes are in pixels of `image`.
  public var annotation: Annotation
  private var spare: [UInt8] = []

  /// Makes a sample from an image and its annotation.
  public init(image: Image, annotation: Annotation) {
    self.image = image
    self.annotation = annotation
  }

  /// Moves the boxes with the pixels: `place` maps each point of the image to its new place.
  ///
  /// **Formula** the smallest upright box around the moved corners, cut off at the image's edges. A box is
  /// dropped if less than `LabelledBox.leastVisibleShare` of its area stays in the image.
  public mutating func moveBoxes(_ place: (_ x: Float, _ y: Float) -> (x: Float, y: Float)) {
    guard case .boxes(let boxes) = annotation else { return }
    let (width, height) = (Float(image.width), Float(image.height))
    annotation = .boxes(
      boxes.compactMap { box in
        let moved = box.box.moved(place)
        let visible = moved.clipped(width: width, height: height)
        guard visible.area > 0, visible.area >= LabelledBox.leastVisibleShare * moved.area else { return nil }
        var box = box
        box.box = visible
        return box
      })
  }

  /// Replaces the pixels by new ones of the same size, computed from the present ones.
  ///
  /// Two buffers swap places, so nothing is allocated after the first call.
  ///
  /// `body` gets the present pixels and a buffer for the new ones. The buffer holds old values, so `body`
  /// must write all of it.
  public mutating func redraw(_ body: (_ old: Span<UInt8>, _ new: inout MutableSpan<UInt8>) -> Void) {
    var fresh: [UInt8] = []
    swap(&fresh, &spare)
    if fresh.count != image.pixels.count { fresh = Array(repeating: 0, count: image.pixels.count) }
    var new = fresh.mutableSpan
    body(image.pixels.span, &new)
    swap(&image.pixels, &fresh)
    swap(&spare, &fresh)
  }
}

/// A random change of a training sample after which its annotation still holds.
///
/// The random draws come from a stream keyed by (seed, augmentation, epoch, index). A sample's view in an
/// epoch is therefore the same with any number of loader threads and after any restart. An augmentation is
/// one file in `Augmentations/` and one line in `AugmentationCatalogue`.
public protocol Augmentation: NamedKind {
  /// The augmentation with settings under which it changes nothing.
  static var identity: Self { get }
  /// True if left stays left, so that digits and letters keep their meaning; false for a mirror.
  static var keepsOrientation: Bool { get }

  /// Changes one sample in place.
  ///
  /// The image keeps its size and its channels, and the annotation its class. Boxes move with the things that
  /// they are around.
  func apply(to sample: inout Sample, random: inout SeededRandom)

  /// Returns the share that image `i` keeps when it is blended with image `count - 1 - i` of the batch.
  ///
  /// It is `nil` for an augmentation that changes one image at a time.
  ///
  /// The share is drawn once per pair, from a stream keyed by (seed, augmentation, epoch, step).
  func share(random: inout SeededRandom) -> Float?
}

extension Augmentation {
  /// True by default.
  public static var keepsOrientation: Bool { true }
  /// Leaves the sample as it is, by default.
  public func apply(to sample: inout Sample, random: inout SeededRandom) {}
  /// Returns `nil` by default: images are not blended.
  public func share(random: inout SeededRandom) -> Float? { nil }
}

/// The catalogue of augmentations, which also reads and writes lists of them.
public enum AugmentationCatalogue: Catalogue {
  /// The augmentations, in the order in which they are listed.
  public static let all: [any Augmentation.Type] = [
    PadAndCrop.self, Flip.self, ShiftRotateScale.self, Cutout.self, ColorJitter.self, Mixup.self,
    BoxCrop.self, ZoomOut.self,
  ]
  /// The same as `all`.
  public static var kinds: [any NamedKind.Type] { all }

  /// Returns the kind as an augmentation; `nil` if it is none.
  public static func cast(_ kind: any NamedKind) -> (any Augmentation)? { kind as? any Augmentation }

  /// Reads a list such as `[pad-and-crop, {flip: {probability: 0.3}}]`, applied in this order.
  ///
  /// A name may appear once. Random draws are keyed by name, so a second augmentation of a name would repeat
  /// the first one's draws, and two flips would cancel out.
  public static func read(_ node: SettingsNode) throws(SettingsError) -> [any Augmentation] {
    try readList(node, key: "augmentations")
  }

  /// Returns the list in the form that `read` takes, with every setting written out.
  public static func write(_ augmentations: [any Augmentation]) -> SettingsNode { writeList(augmentations) }
}
