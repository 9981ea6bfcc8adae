import Graphs
import Ops
import Settings
import Tensors

/// A small model with an image input, a norm and two kinds of parameters.
func smallModel(seed: UInt64 = 1) throws -> Model {
  var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 6, 6])])
  try graph.append(Conv2D(filters: 3, kernel: 3, bias: false), name: "conv1", inputs: ["image"])
  try graph.append(BatchNorm(), name: "norm1", inputs: ["conv1"])
  try graph.append(ReLU(), name: "relu1", inputs: ["norm1"])
  try graph.append(Flatten(), name: "flatten1", inputs: ["relu1"])
  try graph.append(Linear(features: 4), name: "logits", inputs: ["flatten1"])
  graph.outputs = ["logits"]
  graph.initializeParameters(seed: seed)
  return Model(
    graph: graph, classes: ["zero", "één", "two \u{1F600}", "three"],
    input: InputDescription(shape: [1, 6, 6], mean: [33.25], deviation: [78.1]),
    split: SettingsNode(mapping: ["seed": 0.node, "validation": 0.1.node]),
    provenance: SettingsNode(mapping: ["threads": 2.node, "network": "small".node]))
}

/// The eight bytes before a header.
func headerLength(_ count: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }

/// A safetensors file with any header and data.
func file(header: String, data: [UInt8] = []) -> [UInt8] {
  headerLength(UInt64(header.utf8.count)) + header.utf8 + data
}
