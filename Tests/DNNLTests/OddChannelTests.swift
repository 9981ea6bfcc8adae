import DNNL
import Execution
import Graphs
import Ops
import Tensors
import Testing

@Suite("Channels that fill no blocks")
struct OddChannelTests {
  /// Two convolutions with a norm between them, in widths that channel pruning and compact filters produce.
  private func graph(channels: Int, depthwise: Bool) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 12, 12])])
    try graph.append(Conv2D(filters: channels, kernel: 3, padding: 1), name: "conv1", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm1", inputs: ["conv1"])
    try graph.append(ReLU(), name: "relu1", inputs: ["norm1"])
    try graph.append(
      Conv2D(filters: channels, kernel: 3, padding: 1, groups: depthwise ? channels : 1), name: "conv2",
      inputs: ["relu1"])
    try graph.append(BatchNorm(), name: "norm2", inputs: ["conv2"])
    try graph.append(Conv2D(filters: channels + 7, kernel: 1), name: "conv3", inputs: ["norm2"])
    try graph.append(Conv2D(filters: 16, kernel: 3, padding: 1), name: "conv4", inputs: ["conv3"])
    graph.outputs = ["conv4"]
    graph.initializeParameters(seed: 0)
    return graph
  }

  @Test(
    "No convolution or norm falls back on a reference kernel, whatever pruning leaves",
    arguments: [1, 2, 4, 7, 11, 13, 23], [false, true])
  func noReference(channels: Int, depthwise: Bool) throws {
    let graph = try graph(channels: channels, depthwise: depthwise)
    for precision in [Precision.f32, .bf16] where DNNLBackend().supports(precision) {
      let plan = try DNNLBackend().compile(
        graph, PlanOptions(batch: 32, mode: .training, precision: precision))
      let slow = plan.kernels.filter {
        $0.implementation.hasPrefix("ref") || $0.implementation.hasPrefix("nspc_bnorm")
      }
      #expect(slow.isEmpty, "\(slow.map { "\($0.node) \($0.pass) \($0.implementation)" })")
    }
  }
}
