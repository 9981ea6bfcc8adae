public import Images
public import Settings
public import Tensors

/// One image with its annotation: what a loader yields and augmentations transform together.
public struct Sample: Sendable {
  /// The pixels.
  public var image: Image
  /// What is known about them.
  public var annotation: Annotation
  private var spare: [UInt8] = []

  /// Makes a sample.
  public init(image: Image, annotation: Annotation) {
    self.image = image
    self.annotation = annotation
  }

  /// Moves the boxes as `redraw` has moved what they are around, by where each point of the image goes.
  ///
  /// **Formula** the smallest upright box around the moved corners, cut off at the image's edges. A box of which less than
  /// `LabelledBox.leastVisibleShare` is left goes.
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

  /// Draws new pixels of the same size from the present ones; the two buffers swap places, so that nothing is
  /// allocated after the first call.
  ///
  /// `body` gets the present pixels and room for the new ones, whose content it must not rely on.
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

/// A random change of a training sample that keeps what it shows.
///
/// The draws come from a stream keyed by (seed, augmentation, epoch, index), so a sample's view in an epoch is the
/// same with any number of loader threads and after any restart. An augmentation is one file in `Augmentations/`
/// and one line in `AugmentationCatalogue`.
public protocol Augmentation: NamedKind {
  /// The settings under which nothing changes.
  static var identity: Self { get }
  /// Whether it turns left into right or otherwise leaves what a digit or a letter means behind.
  static var keepsOrientation: Bool { get }

  /// Changes one sample in place; its size, its channels and its annotation's class stay; boxes
  /// move with what they are around.
  func apply(to sample: inout Sample, random: inout SeededRandom)

  /// The share that image `i` keeps when it is blended with its partner, image `count - 1 - i` of the batch;
  /// `nil` for an augmentation that looks at one image at a time.
  ///
  /// Drawn once a pair from a stream keyed by (seed, augmentation, epoch, step).
  func share(random: inout SeededRandom) -> Float?
}

extension Augmentation {
  /// Most augmentations keep sides apart.
  public static var keepsOrientation: Bool { true }
  /// Changes one sample in place.
  public func apply(to sample: inout Sample, random: inout SeededRandom) {}
  /// The share that an image keeps of itself.
  public func share(random: inout SeededRandom) -> Float? { nil }
}

/// Every augmentation, and how a list of them is read and written.
public enum AugmentationCatalogue: Catalogue {
  public static let all: [any Augmentation.Type] = [
    PadAndCrop.self, Flip.self, ShiftRotateScale.self, Cutout.self, ColorJitter.self, Mixup.self,
    BoxCrop.self, ZoomOut.self,
  ]
  public static var kinds: [any NamedKind.Type] { all }

  public static func cast(_ kind: any NamedKind) -> (any Augmentation)? { kind as? any Augmentation }

  /// Reads a list such as `[pad-and-crop, {flip: {probability: 0.3}}]`; they are applied in its order.
  ///
  /// Draws are keyed by name: a second one of a name would repeat the first's, and two flips undo each other.
  public static func read(_ node: SettingsNode) throws(SettingsError) -> [any Augmentation] {
    try readList(node, key: "augmentations")
  }

  /// The list as it is read, settings filled in.
  public static func write(_ augmentations: [any Augmentation]) -> SettingsNode { writeList(augmentations) }
}
