/// What is known about one image.
public enum Annotation: Sendable, Equatable {
  /// The class of the whole image, as an index into `Dataset.classes`.
  case label(Int)
  /// The things in it.
  case boxes([LabelledBox])

  /// The class of the whole image; `nil` where things in it are known instead.
  public var label: Int? { if case .label(let label) = self { label } else { nil } }

  /// The same in another list of classes: `classes[c]` is the place there of class c here.
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

  /// The same in an image of another size.
  func scaled(across: Float, down: Float) -> Annotation {
    guard case .boxes(let boxes) = self else { return self }
    return .boxes(
      boxes.map { box in
        var scaled = box
        scaled.box = box.box.moved { ($0 * across, $1 * down) }
        return scaled
      })
  }

  /// The things in the image; none where the class of the whole image is known.
  public var things: [LabelledBox] { if case .boxes(let boxes) = self { boxes } else { [] } }

  /// The classes that it is about, one a thing.
  public var classes: [Int] {
    switch self {
    case .label(let label): [label]
    case .boxes(let boxes): boxes.map(\.label)
    }
  }

  /// The names of the classes that it is about, of many the first.
  public func words(_ names: [String]) -> String {
    let shown = classes.prefix(10).map { names[$0] }.joined(separator: ", ")
    return classes.count > 10 ? shown + ", …" : shown
  }
}

/// A thing in an image: its class and the box around it.
public struct LabelledBox: Sendable, Equatable {
  /// The share of a box's area that must be left in the image for the box to stay.
  public static let leastVisibleShare: Float = 0.25

  /// The class as an index into the data's classes.
  public var label: Int
  /// Where it is.
  public var box: Box
  /// Whether it is too hard to be judged: finding it counts neither for a detector nor against it.
  public var isDifficult: Bool
  /// Whether it is a region of many things, in which all that is found counts nothing.
  public var isCrowd: Bool

  /// Makes a labelled box.
  public init(label: Int, box: Box, isDifficult: Bool = false, isCrowd: Bool = false) {
    self.label = label
    self.box = box
    self.isDifficult = isDifficult
    self.isCrowd = isCrowd
  }
}

/// An upright rectangle in an image, in pixels from its top left corner: a pixel at column 3 reaches from 3 to 4.
public struct Box: Sendable, Equatable {
  /// The left and the upper edge.
  public var left, top: Float
  /// The right and the lower edge.
  public var right, bottom: Float

  /// Makes a box.
  public init(left: Float, top: Float, right: Float, bottom: Float) {
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
  }

  /// Its area in pixels; 0 for a box that is turned inside out.
  public var area: Float { max(right - left, 0) * max(bottom - top, 0) }

  /// The part within an image.
  public func clipped(width: Float, height: Float) -> Box {
    Box(
      left: min(max(left, 0), width), top: min(max(top, 0), height), right: min(max(right, 0), width),
      bottom: min(max(bottom, 0), height))
  }

  /// The smallest box around its four corners when each point has gone to its place.
  public func moved(_ place: (_ x: Float, _ y: Float) -> (x: Float, y: Float)) -> Box {
    let corners = [place(left, top), place(right, top), place(left, bottom), place(right, bottom)]
    let (xs, ys) = (corners.map(\.x), corners.map(\.y))
    return Box(
      left: xs.min() ?? 0, top: ys.min() ?? 0, right: xs.max() ?? 0, bottom: ys.max() ?? 0)
  }

  /// How much two boxes are the same: the area of both over that of either; 0 for boxes without area.
  ///
  /// **Formula** `|A ∩ B| / |A ∪ B|`, 0...1.
  public func overlap(with other: Box) -> Float {
    let common = Box(
      left: max(left, other.left), top: max(top, other.top), right: min(right, other.right),
      bottom: min(bottom, other.bottom)
    ).area
    let union = area + other.area - common
    return union > 0 ? common / union : 0
  }
}
