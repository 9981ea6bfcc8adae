import Foundation
import Graphs
import Ops
import Tensors

/// A network of one layer, `logits`, whose 20,000 weights have a Laplace distribution: a peak and long tails,
/// like trained ones.
func peakedLayer() throws -> Graph {
  var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 10, 20])])
  try graph.append(Flatten(), name: "flat", inputs: ["image"])
  try graph.append(Linear(features: 100), name: "logits", inputs: ["flat"])
  graph.outputs = ["logits"]
  graph.initializeParameters(seed: 1)
  var random = SeededRandom(seed: 2, purpose: "laplace")
  let values = (0..<20_000).map { _ -> Float in
    let magnitude = -0.05 * Float(log(1 - Double(random.uniform())))
    return random.uniform() < 0.5 ? -magnitude : magnitude
  }
  graph.parameters["logits.weight"] = Parameter(Tensor(values, shape: [100, 200]))
  return graph
}
