import Datasets
import Foundation
import Graphs
import Metrics
import Ops
import Tensors

/// Makes detections of a detector's integers, in integers: what exported C computes, and the host of the same detector.
///
/// Powers of e are read in tables of 256 numbers, which depend on the steps of scores and offsets alone. `Documentation/integer-arithmetic.md`
/// has the formulas. A coordinate counts 16ths of a pixel, a probability 32,768ths.
public struct IntegerDecoder: Sendable, Equatable {
  /// Parts of a pixel that coordinates count.
  public static let pixelParts = 16
  /// Parts of a probability of 1.
  public static let scoreParts = 1 << 15
  /// Numbers of a detection.
  public static let numbersPerDetection = 6
  private static let longestSide = 4_095
  private static let mostAnchors = 65_535

  /// Places in rows and columns, with anchors of the same extents at each.
  public struct Level: Sendable, Equatable {
    /// The place of its first anchor among all, and of its first kind among the kinds.
    public let first, firstKind: Int
    /// Places in a column and in a row, and anchors at each.
    public let rows, columns, kinds: Int
  }

  /// Anchors of the same extents.
  public struct Kind: Sendable, Equatable {
    /// In 16ths of a pixel.
    public let width, height: Int32
    /// What a step of an offset moves the centre by, in 2^-20 pixels.
    public let across, down: Int32
  }

  /// Something that was found.
  public struct Found: Sendable, Equatable {
    /// Its edges, in 16ths of a pixel.
    public var left, top, right, bottom: UInt16
    /// How sure, in 32,768ths.
    public var score: UInt16
    /// The class.
    public var label: UInt16

    /// The same in floats, exactly.
    var detection: Detection {
      let parts = Float(IntegerDecoder.pixelParts)
      return Detection(
        label: Int(label),
        box: Box(
          left: Float(left) / parts, top: Float(top) / parts, right: Float(right) / parts,
          bottom: Float(bottom) / parts), score: Float(score) / Float(IntegerDecoder.scoreParts))
    }
  }

  /// The planes of anchors, in the order of the rows.
  public let levels: [Level]
  /// The kinds of anchors, level by level.
  public let kinds: [Kind]
  /// How many anchors and classes there are.
  public let anchors, classes: Int
  /// The image's sides, in 16ths of a pixel.
  public let width, height: Int32
  /// By how many steps a score is below the highest of its anchor: `round(2^15 · e^(-scale · d))`, d = 0…255.
  public let powers: [UInt16]
  /// By an offset plus 128, how much a side grows: `round(2^16 · min(e^(0.2 · scale · (q - zeroPoint)), 62.5))`.
  public let growths: [Int32]
  /// The integer that stands for an offset of zero.
  public let zeroPoint: Int
  /// The least probability of a thing, in 32,768ths.
  public let leastScore: Int
  /// The surest boxes of a class that are looked at, and the surest of all classes that stay.
  public let candidates, limit: Int
  private let scoreGrid, offsetGrid: ValueGrid

  /// The decoder of a detector's heads; `nil` where they are not of integers of at most eight bits, and for images and anchors beyond
  /// what 16 bits count.
  public init?(_ heads: [Head]) {
    self.init(heads, DetectionDecoder())
  }

  /// The same with other limits.
  init?(_ heads: [Head], _ decoder: DetectionDecoder) {
    guard heads.count == 2, let anchors = heads[0].anchors, let scores = heads[0].grid,
      let offsets = heads[1].grid, [scores, offsets].allSatisfy({ (-128...127).contains($0.integers) }),
      max(anchors.width, anchors.height) <= Float(Self.longestSide), anchors.count <= Self.mostAnchors,
      (2...Self.mostAnchors).contains(heads[0].numbersPerAnchor)
    else { return nil }
    (scoreGrid, offsetGrid, self.anchors) = (scores, offsets, anchors.count)
    classes = heads[0].numbersPerAnchor - 1
    let parts = Double(Self.pixelParts)
    (width, height) = (Int32(anchors.width) * 16, Int32(anchors.height) * 16)
    zeroPoint = offsets.zeroPoint
    leastScore = Int((Double(decoder.leastScore) * Double(Self.scoreParts)).rounded(.up))
    candidates = min(decoder.candidates, anchors.count)
    limit = min(decoder.limit, anchors.count * classes)
    powers = (0...255).map {
      UInt16((Double(Self.scoreParts) * exp(-Double(scores.scale) * Double($0))).rounded())
    }
    let growth = Double(offsets.scale) * Double(Anchors.sizeScale)
    growths = (-128...127).map { byte in
      Int32(
        (65_536 * min(exp(growth * Double(byte - offsets.zeroPoint)), Double(Anchors.largestGrowth)))
          .rounded())
    }
    let step = Double(offsets.scale) * Double(Anchors.centreScale) * parts * 65_536
    var (levels, kinds, first) = ([Level](), [Kind](), 0)
    for level in anchors.levels {
      levels.append(
        Level(
          first: first, firstKind: kinds.count, rows: level.rows, columns: level.columns, kinds: level.kinds))
      first += level.count
      for kind in 0..<level.kinds {
        let across = Double(level.extents[2 * kind]) * Double(anchors.width)
        let down = Double(level.extents[2 * kind + 1]) * Double(anchors.height)
        func whole(_ number: Double) -> Int32 { Int32(min(number.rounded(), Double(Int32.max))) }
        kinds.append(
          Kind(
            width: whole(across * parts), height: whole(down * parts), across: whole(across * step),
            down: whole(down * step)))
      }
    }
    (self.levels, self.kinds) = (levels, kinds)
  }

  /// What is found in an image of which scores and offsets are known as integers, anchor by anchor; the surest first.
  public func found(scores: [Int8], offsets: [Int8]) -> [Found] {
    let numbers = classes + 1
    var byClass = Array(repeating: [(score: UInt16, anchor: Int)](), count: classes)
    for anchor in 0..<anchors {
      let row = scores[anchor * numbers..<(anchor + 1) * numbers].map { Int($0) }
      let highest = row.max() ?? 0
      let powers = row.map { UInt32(self.powers[highest - $0]) }
      let sum = powers.reduce(0, +)
      for label in 0..<classes {
        let share = (powers[label + 1] << 15) / sum
        if share >= UInt32(leastScore) { byClass[label].append((UInt16(share), anchor)) }
      }
    }
    var found: [Found] = []
    for (label, likely) in byClass.enumerated() {
      let ordered = likely.sorted { ($1.score, $0.anchor) < ($0.score, $1.anchor) }
      var kept: [Found] = []
      for (score, anchor) in ordered.prefix(candidates) {
        let box = self.found(anchor, offsets, score: score, label: UInt16(label))
        if !kept.contains(where: { Self.overlap($0, box) }) { kept.append(box) }
      }
      found += kept
    }
    let order = found.indices.sorted { (found[$1].score, $0) < (found[$0].score, $1) }
    return order.prefix(limit).map { found[$0] }
  }

  /// An anchor's box.
  private func found(_ anchor: Int, _ offsets: [Int8], score: UInt16, label: UInt16) -> Found {
    let level = levels.last { $0.first <= anchor } ?? levels[0]
    let place = (anchor - level.first) / level.kinds
    let kind = kinds[level.firstKind + (anchor - level.first) % level.kinds]
    let q = offsets[4 * anchor..<4 * anchor + 4].map { Int($0) }
    func edges(
      _ position: Int, of places: Int, _ side: Int32, _ extent: Int32, _ move: Int32, _ offset: Int,
      _ size: Int
    ) -> (UInt16, UInt16) {
      let centre = (Int64(side) * Int64(2 * position + 1) + Int64(places)) / Int64(2 * places)
      let middle = centre + (Int64(offset - zeroPoint) * Int64(move) + 32_768) >> 16
      let half = (Int64(extent) * Int64(growths[size + 128]) + 65_536) >> 17
      func within(_ edge: Int64) -> UInt16 { UInt16(min(max(edge, 0), Int64(side))) }
      return (within(middle - half), within(middle + half))
    }
    let (left, right) = edges(
      place % level.columns, of: level.columns, width, kind.width, kind.across, q[0], q[2])
    let (top, bottom) = edges(
      place / level.columns, of: level.rows, height, kind.height, kind.down, q[1], q[3])
    return Found(left: left, top: top, right: right, bottom: bottom, score: score, label: label)
  }

  /// Whether two boxes overlap by more than 9/20.
  private static func overlap(_ a: Found, _ b: Found) -> Bool {
    func area(_ box: Found) -> UInt64 {
      box.right > box.left && box.bottom > box.top
        ? UInt64(box.right - box.left) * UInt64(box.bottom - box.top) : 0
    }
    let common = area(
      Found(
        left: max(a.left, b.left), top: max(a.top, b.top), right: min(a.right, b.right),
        bottom: min(a.bottom, b.bottom), score: 0, label: 0))
    return 20 * common > 9 * (area(a) + area(b) - common)
  }

  /// Bytes of all that may be found, as exported C gives it back.
  public var byteCount: Int { 4 + 2 * Self.numbersPerDetection * limit }

  /// What is found as exported C gives it back: how many things, zero, and for each six numbers, all of 16 bits, the lower byte first;
  /// zeros behind the last.
  public func bytes(_ found: [Found]) -> [Int8] {
    var numbers: [UInt16] = [UInt16(found.count), 0]
    for one in found { numbers += [one.left, one.top, one.right, one.bottom, one.score, one.label] }
    numbers += Array(repeating: 0, count: byteCount / 2 - numbers.count)
    return numbers.flatMap { [Int8(truncatingIfNeeded: $0), Int8(truncatingIfNeeded: $0 >> 8)] }
  }

  /// What is found in an image of a batch whose numbers lie on the grids.
  func detections(_ outputs: HeadOutputs, image: Int) -> [Detection] {
    func integers(_ head: Int, _ grid: ValueGrid) -> [Int8] {
      let buffer = outputs.buffers[head]
      var numbers: [Int8] = []
      for i in outputs.row(of: image, head: head) { numbers.append(Int8(grid.integer(buffer.floats[i]))) }
      return numbers
    }
    return found(scores: integers(0, scoreGrid), offsets: integers(1, offsetGrid)).map(\.detection)
  }
}

/// How detections are made of a detector's outputs: in integers where all that it says is integers, else in floats.
struct Decoding: Sendable {
  private let integers: IntegerDecoder?

  init(_ heads: [Head]) { integers = IntegerDecoder(heads) }

  /// What is found in an image, the surest first.
  func detections(_ outputs: HeadOutputs, image: Int) -> [Detection] {
    integers?.detections(outputs, image: image) ?? DetectionDecoder().detections(outputs, image: image)
  }
}
