public import Settings

/// Divides the loss so that the network's mean loss rises least, by measured curves of each layer.
///
/// **Formula**: the shares minimize `Σ_layers (loss(layer alone at its share) - loss(now))` for what all lose
/// together. Each curve is replaced by its lower convex hull; of all hulls' segments the flattest are taken
/// first.
public struct MeasuredSensitivity: Allocation {
  /// The name in recipes: `sensitivity`.
  public static let name = "sensitivity"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "prune most where the measured loss of the network rises least",
    description: """
      Each layer is pruned alone to a few shares, without training, and the mean loss over training images without \
      augmentation is measured; this gives its curve. Of the lower convex hulls of all curves the flattest segments \
      are taken first, until the total is reached. That takes as many passes over the images as there are layers \
      times shares, on a gradual schedule at each step. `condense sensitivity` draws such curves on validation \
      images.
      """,
    formula: """
      minimize sum over layers of loss(layer alone at share_l) - loss(now), with sum share_l·n_l = s·n; segments of the lower \
      convex hulls by rising slope, the last one in part
      """,
    paper: """
      Li, Kadav, Durdanovic, Samet, Graf, "Pruning filters for efficient ConvNets", 2017, arXiv:1608.08710; Shoham, Gersho, \
      "Efficient bit allocation for an arbitrary set of quantizers", 1988, doi:10.1109/29.90373
      """)

  /// The rising shares, between 0 and 1, at which each layer's loss is measured.
  public var at = [0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98]
  /// Training images on which losses are measured.
  public var images = 512

  /// Creates it with its default settings.
  public init() {}
  /// Settings: `at`, `images`.
  public static var settings: [Setting<MeasuredSensitivity>] {
    [
      Setting(
        "at", \.at, expected: "numbers between 0 and 1, rising",
        "shares at which the loss is measured with each layer pruned alone; the largest possible share is added"
      ) { shares in
        !shares.isEmpty && shares.allSatisfy { $0 > 0 && $0 < 1 }
          && zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 }
      },
      Setting("images", \.images, in: 1...1_000_000, "training images on which losses are measured"),
    ]
  }

  /// Losses of changed networks.
  public var evidence: Set<EvidenceKind> { [.losses] }

  /// Measures each layer's curve alone, then takes hull segments by rising slope until enough units are gone.
  public func division(
    among layers: [AllocatedLayer], _ context: AllocationContext
  ) throws -> (Double) -> [Double] {
    var segments: [SensitivityHull.Segment] = []
    let present = try layers.isEmpty ? 0 : context.meanLoss(0, layers[0].gone, images)
    for (place, layer) in layers.enumerated() {
      let losses = at.map { min(Int(($0 * Double(layer.count)).rounded()), layer.most) } + [layer.most]
      var points = [
        SensitivityHull.Point(
          gone: layer.gone, saving: try context.saving(place, layer.gone), loss: present)
      ]
      for gone in losses where gone > points[points.count - 1].gone {
        points.append(
          SensitivityHull.Point(
            gone: gone, saving: try context.saving(place, gone),
            loss: try context.meanLoss(place, gone, images)))
      }
      segments += SensitivityHull.segments(of: points, layer: place)
    }
    // Equal slopes go in the order of layers; within a layer slopes rise.
    segments.sort { ($0.slope, $0.layer, $0.first) < ($1.slope, $1.layer, $1.first) }
    let count = layers.reduce(0) { $0 + $1.count }
    return { share in
      var gone = layers.map(\.gone)
      var missing = Int((share * Double(count)).rounded()) - gone.reduce(0, +)
      for segment in segments where missing > 0 {
        let taken = min(missing, segment.last - segment.first)
        gone[segment.layer] += taken
        missing -= taken
      }
      return zip(layers, gone).map { Double($1) / Double(max(1, $0.count)) }
    }
  }
}

/// Computes the lower convex hull of a layer's curve.
enum SensitivityHull {
  /// A number of lost units, the saving, and the network's mean loss then.
  struct Point: Equatable {
    var gone: Int
    var saving: Double
    var loss: Double
  }

  /// A straight piece of a hull.
  struct Segment: Equatable {
    let layer: Int
    /// Units that are gone at its start.
    let first: Int
    /// Units that are gone at its end.
    let last: Int
    /// The rise of the loss by unit of saving.
    let slope: Double
  }

  /// The segments of the hull from the first point to the last, with rising slopes.
  ///
  /// A loss that is not a finite number counts as very large. A point that saves nothing lies on the hull
  /// only as its end.
  static func segments(of points: [Point], layer: Int) -> [Segment] {
    var hull: [Point] = []
    for point in points {
      var point = point
      // Large but finite, so that slopes stay finite too.
      if !point.loss.isFinite { point.loss = .greatestFiniteMagnitude.squareRoot() }
      while hull.count > 1,
        slope(hull[hull.count - 2], hull[hull.count - 1]) >= slope(hull[hull.count - 1], point)
      {
        hull.removeLast()
      }
      hull.append(point)
    }
    return zip(hull, hull.dropFirst()).map { start, end in
      Segment(layer: layer, first: start.gone, last: end.gone, slope: slope(start, end))
    }
  }

  /// The rise of the loss by saving between two points.
  private static func slope(_ start: Point, _ end: Point) -> Double {
    (end.loss - start.loss) / max(end.saving - start.saving, .leastNonzeroMagnitude)
  }
}
