import Graphs
import Ops
import Tensors

/// The networks that are measured, in code.
enum BenchNetworks {
  static func graph(_ name: String) throws -> Graph {
    var b: NetBuilder
    switch name {
    case "mlp":
      b = NetBuilder(1, 28)
      try b.add(Flatten())
      try b.add(Linear(features: 256)); try b.add(ReLU())
      try b.add(Linear(features: 32)); try b.add(ReLU())
      try b.add(Linear(features: 10))
    case "lenet5":
      b = NetBuilder(1, 28)
      try b.add(Conv2D(filters: 20, kernel: 5)); try b.add(ReLU()); try b.add(MaxPool(kernel: 2))
      try b.add(Conv2D(filters: 50, kernel: 5)); try b.add(ReLU()); try b.add(MaxPool(kernel: 2))
      try b.add(Flatten())
      try b.add(Linear(features: 500)); try b.add(ReLU())
      try b.add(Linear(features: 10))
    case "resnet20":
      b = NetBuilder(3, 32)
      try b.conv(16, 3, 1, relu: true)
      var width = 16
      for (outputs, stride) in [
        (16, 1), (16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1),
      ] {
        let entry = b.last
        try b.conv(outputs, 3, stride, relu: true)
        try b.conv(outputs, 3, 1, relu: false)
        let main = b.last
        var shortcut = entry
        if stride != 1 || width != outputs {
          b.last = entry
          try b.conv(outputs, 1, stride, relu: false)
          shortcut = b.last
        }
        try b.add(Add(), from: [main, shortcut])
        try b.add(ReLU())
        width = outputs
      }
      try b.add(GlobalAveragePool()); try b.add(Flatten()); try b.add(Linear(features: 10))
    case "mobilenet":
      b = NetBuilder(3, 32)
      try b.conv(32, 3, 1, relu: true)
      var width = 32
      for (outputs, stride) in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1)] {
        try b.conv(width, 3, stride, groups: width, relu: true)
        try b.conv(outputs, 1, 1, relu: true)
        width = outputs
      }
      try b.add(GlobalAveragePool()); try b.add(Flatten()); try b.add(Linear(features: 10))
    default:
      b = NetBuilder(3, 32)
      for width in [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0] {
        if width == 0 { try b.add(MaxPool(kernel: 2)) } else { try b.conv(width, 3, 1, relu: true) }
      }
      try b.add(Flatten()); try b.add(Linear(features: 10))
    }
    b.graph.outputs = [b.last]
    b.graph.initializeParameters(seed: 0)
    return b.graph
  }
}

private struct NetBuilder {
  var graph: Graph
  var last = "image"
  var count = 0

  init(_ channels: Int, _ side: Int) {
    graph = Graph(inputs: [GraphInput(name: "image", shape: [channels, side, side])])
  }

  mutating func add(_ op: any Op, from inputs: [String]? = nil) throws {
    count += 1
    last = try graph.append(op, name: "\(op.kind)-\(count)", inputs: inputs ?? [last])
  }

  mutating func conv(_ filters: Int, _ kernel: Int, _ stride: Int, groups: Int = 1, relu: Bool) throws {
    try add(
      Conv2D(filters: filters, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups, bias: false))
    try add(BatchNorm())
    if relu { try add(ReLU()) }
  }
}
