import Datasets
import Graphs
import Ops
import Tensors
import TestSupport

@testable import Methods

/// A network of 53 weights without a kink, with its loss, gradients and Hessian in double precision.
///
/// They are computed by hyper-dual numbers, independently of any plan.
struct SmoothNetwork {
  static let inputs = 4
  static let hidden = 5
  static let classes = 3
  static let names = [
    "hidden.weight", "hidden.bias", "norm.scale", "norm.shift", "logits.weight", "logits.bias",
  ]

  let graph: Graph
  /// The images with their classes, by batch.
  let batches: [[(image: [Double], label: Int)]]
  /// The trainable parameters, one after another.
  let weights: [Double]

  init(seed: UInt64, images: Int, batch: Int) throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [Self.inputs])])
    try graph.append(Linear(features: Self.hidden), name: "hidden", inputs: ["image"])
    try graph.append(BatchNorm(epsilon: 0.01), name: "norm", inputs: ["hidden"])
    try graph.append(Tanh(), name: "act", inputs: ["norm"])
    try graph.append(Linear(features: Self.classes), name: "logits", inputs: ["act"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: seed)
    self.graph = graph
    weights = Self.names.flatMap { graph.parameters[$0]?.value.values.map(Double.init) ?? [] }
    var batches: [[(image: [Double], label: Int)]] = []
    let source = PatternSource(graph, images: images, batch: batch)
    source.startEpoch(0, fromStep: 0)
    while let next = try source.next() {
      batches.append(
        (0..<next.count).map { image in
          let pixels = next.images[image * Self.inputs..<(image + 1) * Self.inputs]
          return (pixels.map(Double.init), next.annotations[image].label ?? 0)
        })
    }
    self.batches = batches
  }

  /// All images.
  var images: [(image: [Double], label: Int)] { batches.flatMap(\.self) }
  /// The number of weights.
  var count: Int { weights.count }

  private func loss(_ image: (image: [Double], label: Int), _ w: [HyperDual]) -> HyperDual {
    let norm = graph.parameters
    let mean = norm["norm.mean"]?.value.values ?? []
    let variance = norm["norm.variance"]?.value.values ?? []
    let (scale, shift) = (25, 30)
    let activations = (0..<Self.hidden).map { unit in
      var sum = w[20 + unit]
      for input in 0..<Self.inputs {
        sum = sum + w[unit * Self.inputs + input] * HyperDual(image.image[input])
      }
      let inverse = HyperDual(1 / (Double(variance[unit]) + Double(Float(0.01))).squareRoot())
      return (w[scale + unit] * (sum - HyperDual(Double(mean[unit]))) * inverse + w[shift + unit]).tanh
    }
    let logits = (0..<Self.classes).map { row in
      var sum = w[50 + row]
      for unit in 0..<Self.hidden { sum = sum + w[35 + row * Self.hidden + unit] * activations[unit] }
      return sum
    }
    let total = logits.map(\.exp).reduce(HyperDual(0), +)
    return total.log - logits[image.label]
  }

  /// The loss of an image with its derivatives by two weights.
  private func loss(_ image: (image: [Double], label: Int), by first: Int, _ second: Int) -> HyperDual {
    var w = weights.map { HyperDual($0) }
    w[first].first = 1
    w[second].second = 1
    return loss(image, w)
  }

  /// The gradient of an image's loss.
  func gradient(_ image: (image: [Double], label: Int)) -> [Double] {
    weights.indices.map { loss(image, by: $0, $0).first }
  }

  /// The Hessian of the mean loss over all images.
  var hessian: [[Double]] {
    let images = images
    return weights.indices.map { row in
      weights.indices.map { column in
        images.reduce(0) { $0 + loss($1, by: row, column).mixed } / Double(images.count)
      }
    }
  }

  /// Numbers by weight, converted to tensors by parameter.
  func tensors(_ numbers: [Double]) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    var start = 0
    for name in Self.names {
      guard let shape = graph.parameters[name]?.value.shape else { continue }
      result[name] = Tensor(numbers[start..<start + shape.count].map { Float($0) }, shape: shape)
      start += shape.count
    }
    return result
  }

  /// Tensors by parameter, converted to numbers by weight.
  func numbers(_ tensors: [String: Tensor]) -> [Double] {
    Self.names.flatMap { tensors[$0]?.values.map(Double.init) ?? [] }
  }
}
