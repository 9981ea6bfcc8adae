import Datasets
import Foundation
import Graphs
import Ops
import Tensors

/// The anchors of a detector: the boxes that the rows of its heads stand for, in the order of the rows.
///
/// **Formula** a thing of centre (x, y), width w and height h is encoded for an anchor (X, Y, W, H) as
/// `(x - X)/(0.1·W), (y - Y)/(0.1·H), ln(w/W)/0.2, ln(h/H)/0.2`.
///
/// **Paper** Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325.
public struct Anchors: Sendable, Equatable {
  /// The divisors of differences of centres and of logarithms of sizes.
  static let (centreScale, sizeScale): (Float, Float) = (0.1, 0.2)
  /// The largest factor by which a size is multiplied: 1000/16, the usual value.
  static let largestGrowth: Float = 62.5
  /// The intersection over union from which an anchor stands for a thing.
  static let matchingOverlap: Float = 0.5

  /// The width and height of the images, in pixels.
  public let width, height: Float
  /// The centre, width and height of each anchor in pixels: `[x, y, w, h, x, …]`.
  public let boxes: [Float]

  /// The planes of places that they stand in, in the order of the rows.
  let levels: [Level]

  /// Places in rows and columns, with anchors of the same extents at each.
  struct Level: Sendable, Equatable {
    let rows, columns: Int
    /// The width and the height of each anchor of a place, as shares of the image's.
    let extents: [Float]

    /// Anchors at a place.
    var kinds: Int { extents.count / 2 }
    /// All anchors.
    var count: Int { rows * columns * kinds }
  }

  /// The number of anchors.
  public var count: Int { boxes.count / 4 }

  /// Makes the anchors of nodes with an `AnchorRows` op, in pixels of the graph's input.
  ///
  /// `nil` if the graph takes no images or a node has another op.
  init?(of rows: [Node], in graph: Graph) {
    guard let image = graph.inputs.first?.shape, image.rank == 3 else { return nil }
    (width, height) = (Float(image[2]), Float(image[1]))
    var boxes: [Float] = []
    var levels: [Level] = []
    for node in rows {
      guard let op = node.op as? AnchorRows, let shape = graph.inputShapes(of: node).first else { return nil }
      levels.append(Level(rows: shape[2], columns: shape[3], extents: op.anchors))
      for row in 0..<shape[2] {
        for column in 0..<shape[3] {
          for anchor in 0..<op.count {
            boxes.append((Float(column) + 0.5) / Float(shape[3]) * width)
            boxes.append((Float(row) + 0.5) / Float(shape[2]) * height)
            boxes.append(op.anchors[2 * anchor] * width)
            boxes.append(op.anchors[2 * anchor + 1] * height)
          }
        }
      }
    }
    self.boxes = boxes
    self.levels = levels
  }

  /// Returns an anchor as a box, which may reach beyond the image.
  func box(_ anchor: Int) -> Box {
    let (x, y, w, h) = (
      boxes[4 * anchor], boxes[4 * anchor + 1], boxes[4 * anchor + 2], boxes[4 * anchor + 3]
    )
    return Box(left: x - w / 2, top: y - h / 2, right: x + w / 2, bottom: y + h / 2)
  }

  /// Returns the box that an anchor's four numbers encode, cut off at the image's edges.
  func decoded(_ anchor: Int, _ offsets: Span<Float>, at start: Int) -> Box {
    let (x, y, w, h) = (
      boxes[4 * anchor], boxes[4 * anchor + 1], boxes[4 * anchor + 2], boxes[4 * anchor + 3]
    )
    let centre = (
      x: x + offsets[start] * Self.centreScale * w, y: y + offsets[start + 1] * Self.centreScale * h
    )
    let across = w * min(exp(offsets[start + 2] * Self.sizeScale), Self.largestGrowth)
    let down = h * min(exp(offsets[start + 3] * Self.sizeScale), Self.largestGrowth)
    return Box(
      left: centre.x - across / 2, top: centre.y - down / 2, right: centre.x + across / 2,
      bottom: centre.y + down / 2
    ).clipped(width: width, height: height)
  }

  /// Writes five numbers per anchor of an image: the class plus one (0 for the background), then the thing
  /// encoded as above.
  ///
  /// Each thing takes the free anchor that it overlaps most, the first among equals. Every other anchor
  /// stands for the thing that it overlaps most, if the intersection over union is at least 0.5. Crowds are
  /// skipped. Nothing is allocated.
  func writeMatches(
    _ things: [LabelledBox], _ others: [LabelledBox], into target: inout MutableSpan<Float>, at start: Int
  ) {
    // While matching, an anchor's first number is the index of its thing plus one, negative once the thing
    // has taken it, and its second number their overlap.
    for i in start..<start + 5 * count { target[i] = 0 }
    let all = things.count + others.count
    func thing(_ place: Int) -> LabelledBox {
      place < things.count ? things[place] : others[place - things.count]
    }
    for place in 0..<all where !thing(place).isCrowd {
      let box = thing(place).box
      for anchor in 0..<count {
        let overlap = self.box(anchor).overlap(with: box)
        let own = start + 5 * anchor
        if overlap >= Self.matchingOverlap, overlap > target[own + 1] {
          target[own] = Float(place + 1)
          target[own + 1] = overlap
        }
      }
    }
    for place in 0..<all where !thing(place).isCrowd {
      let box = thing(place).box
      var (best, most): (Int?, Float) = (nil, 0)
      for anchor in 0..<count where target[start + 5 * anchor] >= 0 {
        let overlap = self.box(anchor).overlap(with: box)
        if overlap > most { (best, most) = (anchor, overlap) }
      }
      if let best { target[start + 5 * best] = -Float(place + 1) }
    }
    for anchor in 0..<count {
      let own = start + 5 * anchor
      guard target[own] != 0 else {
        target[own + 1] = 0
        continue
      }
      let match = thing(Int(abs(target[own])) - 1)
      write(match, of: anchor, into: &target, at: own)
    }
  }

  private func write(
    _ thing: LabelledBox, of anchor: Int, into target: inout MutableSpan<Float>, at place: Int
  ) {
    let (x, y, w, h) = (
      boxes[4 * anchor], boxes[4 * anchor + 1], boxes[4 * anchor + 2], boxes[4 * anchor + 3]
    )
    let box = thing.box
    target[place] = Float(thing.label + 1)
    target[place + 1] = ((box.left + box.right) / 2 - x) / (Self.centreScale * w)
    target[place + 2] = ((box.top + box.bottom) / 2 - y) / (Self.centreScale * h)
    target[place + 3] = log(max(box.right - box.left, 1e-3) / w) / Self.sizeScale
    target[place + 4] = log(max(box.bottom - box.top, 1e-3) / h) / Self.sizeScale
  }
}
