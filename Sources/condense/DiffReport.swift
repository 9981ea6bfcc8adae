import Export
import Foundation
import Settings

/// The output of `condense diff`.
struct DiffReport {
  let names: [String]
  let methods: [String]
  let difference: RunDifference
  let truth: [Int]?
  let tolerance: Float

  init(
    names: [String], methods: [String], _ difference: RunDifference, truth: [Int]?, tolerance: Float
  ) {
    self.names = names
    self.methods = methods
    self.difference = difference
    self.truth = truth
    self.tolerance = tolerance
  }

  private var images: Int { difference.predictions[0].count }

  /// The share of images whose class each model predicts; `nil` if the classes are unknown.
  private var top1: [Double]? {
    truth.map { truth in
      difference.predictions.map { predictions in
        Double(zip(predictions, truth).count { $0 == $1 }) / Double(max(truth.count, 1))
      }
    }
  }

  /// The report as text.
  var text: String {
    let place = difference.greatestPlace
    var lines = zip(["A", "B"], zip(names, methods)).map { "\($0)          \($1.0): \($1.1)" }
    lines.append("images     \(images)")
    if let top1 {
      lines.append(
        "top-1      "
          + zip(["A", "B"], top1).map { String(format: "%@ %.2f %%", $0, 100 * $1) }
          .joined(separator: ", "))
    }
    lines.append("agreement  \(difference.agreeing) of \(images) predictions are the same")
    lines.append(
      "outputs    the greatest difference is \(difference.greatest) (image \(place.image), output \(place.output)), "
        + "the mean \(String(format: "%.3g", difference.mean)); the largest output of A is \(difference.largest)"
    )
    if difference.tookSoftmax {
      lines.append("           one side gives probabilities; the other's scores were taken through a softmax")
    }
    if difference.differing > 0 {
      lines.append(
        "           \(difference.differing) of \(difference.count) outputs differ by more than is allowed")
    }
    lines.append("layers     " + layers)
    return lines.joined(separator: "\n")
  }

  private var layers: String {
    let compared = "\(difference.layers.counted("layer")) compared on image \(difference.greatestPlace.image)"
    guard let parting = difference.parting else {
      return difference.layers == 0 ? "none could be matched" : "\(compared), all alike"
    }
    let other = parting.names[0] == parting.names[1] ? "" : " (\"\(parting.names[1])\" in B)"
    let place = parting.element.map { "\($0)" }.joined(separator: ", ")
    return "\(compared); the first that parts is \"\(parting.names[0])\"\(other), at element [\(place)]: "
      + "A has \(parting.values[0]), B \(parting.values[1]), \(parting.allowed) is allowed; "
      + "\(parting.differing) of its \(parting.count) elements differ by more"
  }

  /// The report as JSON.
  var node: SettingsNode {
    let parting = difference.parting.map { parting in
      SettingsNode(mapping: [
        "layers": parting.names.node, "element": parting.element.node,
        "values": parting.values.map { Double($0) }.node, "allowed": Double(parting.allowed).node,
        "differing": parting.differing.node, "elements": parting.count.node,
      ])
    }
    return SettingsNode(mapping: [
      "schema": 1.node, "models": names.node, "runs": methods.node, "images": images.node,
      "top1": top1?.node ?? SettingsNode(.null), "agreeing": difference.agreeing.node,
      "greatestDifference": Double(difference.greatest).node,
      "greatestAt": [difference.greatestPlace.image, difference.greatestPlace.output].node,
      "meanDifference": difference.mean.node, "largestOutput": Double(difference.largest).node,
      "outputsDiffering": difference.differing.node, "outputs": difference.count.node,
      "tookSoftmax": difference.tookSoftmax.node, "tolerance": Double(tolerance).node,
      "layersCompared": difference.layers.node, "firstParting": parting ?? SettingsNode(.null),
      "alike": difference.isAlike.node,
    ])
  }
}
