/// The truth about one image: its class, or the things in it.
public enum Annotation: Sendable, Equatable {
  /// The class of the whole image, as an index into `Dataset.classes`.
  case label(Int)
  /// The things in the image, each with its class and its box.
  case boxes([LabelledBox])

  /// The class of the whole image; `nil` if the annotation is boxes.
  public var label: Int? { if case .label(let label) = self { label } else { nil } }

  /// Returns the annotation with its classes renumbered: class `c` becomes `classes[c]`.
  public func renumbered(_ classes: [Int]) -> Annotation {
    switch self {
    case .label(let label): .label(classes[label])
    case .boxes(let boxes):
      .boxes(
        boxes.map { box in
          var box = box
          box.label = classes[box.label]
          return box
        })
    }
  }

  /// Returns the annotation for the image resized by factors `across` and `down`: boxes grow, a class stays.
  func scaled(across: Float, down: Float) -> Annotation {
    guard case .boxes(let boxes) = self else { return self }
    return .boxes(
      boxes.map { box in
        var scaled = box
        scaled.box = box.box.moved { ($0 * across, $1 * down) }
        return scaled
      })
  }

  /// The things in the image; empty if the annotation is the class of the whole image.
  public var things: [LabelledBox] { if case .boxes(let boxes) = self { boxes } else { [] } }

  /// The classes of the annotation: one for a whole image, one per thing for boxes.
  public var classes: [Int] {
    switch self {
    case .label(let label): [label]
    case .boxes(let boxes): boxes.map(\.label)
    }
  }

  /// Returns the names of the annotation's classes, separated by commas: the first ten, then "…".
  public func words(_ names: [String]) -> String {
    let shown = classes.prefix(10).map { names[$0] }.joined(separator: ", ")
    return classes.count > 10 ? shown + ", …" : shown
  }
}

/// A thing in an image: its class and the box around it.
public struct LabelledBox: Sendable, Equatable {
  /// The smallest share of a box's area that must stay in the image for the box to be kept.
  public static let leastVisibleShare: Float = 0.25

  /// The class, as an index into `Dataset.classes`.
  public var label: Int
  /// The box around the thing.
  public var box: Box
  /// True if the thing is too hard to judge: finding or missing it counts neither for nor against a detector.
  public var isDifficult: Bool
  /// True if the box is around a region of many things: detections in it are not counted.
  public var isCrowd: Bool
  /// The area of the thing itself, in square pixels of the image as stored, by which COCO calls it small,
  /// medium or large; `nil` for that of its box.
  public var maskArea: Float?

  /// Makes a labelled box, by default neither difficult nor a crowd, and as large as its box.
  public init(
    label: Int, box: Box, isDifficult: Bool = false, isCrowd: Bool = false, maskArea: Float? = nil
  ) {
    self.maskArea = maskArea
    self.label = label
    self.box = box
    self.isDifficult = isDifficult
    self.isCrowd = isCrowd
  }
}

/// An upright rectangle in an image, in pixels from the top left corner; column 3 reaches from 3 to 4.
public struct Box: Sendable, Equatable {
  /// The left and the top edge, in pixels.
  public var left, top: Float
  /// The right and the bottom edge, in pixels.
  public var right, bottom: Float

  /// Makes a box from its edges, in any order: one whose right edge is left of its left edge has area 0.
  public init(left: Float, top: Float, right: Float, bottom: Float) {
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
  }

  /// The area in square pixels; 0 if the right edge is left of the left one or the bottom above the top.
  public var area: Float { max(right - left, 0) * max(bottom - top, 0) }

  /// Returns the box cut off at the edges of an image of this size.
  public func clipped(width: Float, height: Float) -> Box {
    Box(
      left: min(max(left, 0), width), top: min(max(top, 0), height), right: min(max(right, 0), width),
      bottom: min(max(bottom, 0), height))
  }

  /// Returns the smallest upright box around the four corners after `place` has moved them.
  public func moved(_ place: (_ x: Float, _ y: Float) -> (x: Float, y: Float)) -> Box {
    let corners = [place(left, top), place(right, top), place(left, bottom), place(right, bottom)]
    let (xs, ys) = (corners.map(\.x), corners.map(\.y))
    return Box(
      left: xs.min() ?? 0, top: ys.min() ?? 0, right: xs.max() ?? 0, bottom: ys.max() ?? 0)
  }

  /// Returns the intersection over union of two boxes; 0 if neither has an area.
  ///
  /// **Formula** `|A ∩ B| / |A ∪ B|`, in 0...1.
  public func overlap(with other: Box) -> Float {
    let common = Box(
      left: max(left, other.left), top: max(top, other.top), right: min(right, other.right),
      bottom: min(bottom, other.bottom)
    ).area
    let union = area + other.area - common
    return union > 0 ? common / union : 0
  }
}
