import Metrics

/// What `detection.js` shows of a detector.
struct DetectionPage: Encodable {
  let map: Double
  let rule: AveragePrecision.Rule
  /// The average precision of every class; `nil` for a class without boxes.
  let perClass: [Double?]

  init(_ details: DetectionDetails) {
    (map, rule, perClass) = (details.map, details.rule, details.perClass)
  }
}
