/// The widths and heights that stand for many boxes: k-means with one minus the overlap as the distance, boxes having one centre.
///
/// **Formula** `d(box, anchor) = 1 - IoU`; an anchor is the mean width and the mean height of the boxes that are nearest to it. The first
/// anchors are boxes at equal steps of the order by area, so that the same boxes give the same anchors; of all rounds the one of the
/// greatest mean overlap counts.
///
/// **Paper** Redmon, Farhadi, "YOLO9000: better, faster, stronger", CVPR 2017, arXiv:1612.08242.
public struct AnchorClusters: Sendable, Equatable {
  private static let mostRounds = 300

  /// The width and the height of each anchor, by ascending area.
  public let extents: [Float]
  /// The mean over boxes of the overlap with the nearest anchor, 0…1.
  public let meanOverlap: Double

  private struct Extent: Equatable {
    var width, height: Double
    var area: Double { width * height }

    func overlap(with other: Extent) -> Double {
      let common = min(width, other.width) * min(height, other.height)
      return common / (area + other.area - common)
    }

    static func isSmaller(_ a: Extent, _ b: Extent) -> Bool {
      (a.area, a.width) < (b.area, b.width)
    }
  }

  /// Finds `count` anchors for boxes `[w0, h0, w1, h1, …]`; `nil` if the boxes have fewer sizes than that.
  ///
  /// Boxes without an area do not count.
  public init?(of boxes: [Float], count: Int) {
    let all = (0..<boxes.count / 2).map {
      Extent(width: Double(boxes[2 * $0]), height: Double(boxes[2 * $0 + 1]))
    }.filter { $0.area > 0 && $0.area.isFinite }.sorted(by: Extent.isSmaller)
    var sizes: [Extent] = []
    for box in all where box != sizes.last { sizes.append(box) }
    guard count > 0, sizes.count >= count else { return nil }
    var anchors = (0..<count).map { sizes[(2 * $0 + 1) * sizes.count / (2 * count)] }
    var best = (anchors: anchors, overlap: -1.0)
    var nearest = [Int](repeating: -1, count: all.count)
    for _ in 0..<Self.mostRounds {
      let (places, overlap) = Self.nearest(all, anchors)
      if overlap > best.overlap { best = (anchors, overlap) }
      guard places != nearest else { break }
      nearest = places
      anchors = Self.means(all, places, anchors)
    }
    extents = best.anchors.sorted(by: Extent.isSmaller).flatMap { [Float($0.width), Float($0.height)] }
    meanOverlap = best.overlap
  }

  /// By box the anchor that it overlaps most, of equal ones the first, and the mean of these overlaps.
  private static func nearest(_ boxes: [Extent], _ anchors: [Extent]) -> (places: [Int], mean: Double) {
    var (places, sum) = ([Int](), 0.0)
    places.reserveCapacity(boxes.count)
    for box in boxes {
      var (place, most) = (0, -1.0)
      for (index, anchor) in anchors.enumerated() {
        let overlap = box.overlap(with: anchor)
        if overlap > most { (place, most) = (index, overlap) }
      }
      places.append(place)
      sum += most
    }
    return (places, sum / Double(boxes.count))
  }

  /// The means of the boxes that are nearest to each anchor; an anchor without boxes stays.
  private static func means(_ boxes: [Extent], _ places: [Int], _ anchors: [Extent]) -> [Extent] {
    var sums = Array(repeating: (width: 0.0, height: 0.0, count: 0.0), count: anchors.count)
    for (box, place) in zip(boxes, places) {
      sums[place].width += box.width
      sums[place].height += box.height
      sums[place].count += 1
    }
    return zip(sums, anchors).map { sum, anchor in
      sum.count > 0 ? Extent(width: sum.width / sum.count, height: sum.height / sum.count) : anchor
    }
  }
}
