import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Channel gates and the work that they leave")
struct ChannelGateTests {
  private func gate(_ op: ChannelGate, _ x: [Float], _ shape: Shape) -> [Float] {
    var frame = KernelFrame(
      inputs: [Tensor(x, shape: shape)], parameters: [], output: Tensor(zeros: shape), mode: .inference,
      random: SeededRandom(seed: 0, purpose: "gate"))
    op.forward(&frame)
    return frame.output.values
  }

  @Test("The largest of each image are open, of equal ones the earlier, and none below zero")
  func winners() {
    #expect(gate(ChannelGate(open: 2), [3, -2, 1, 5, 1, 1, 1, 0.5], [2, 4]) == [4, 0, 0, 6, 2, 2, 0, 0])
    #expect(gate(ChannelGate(open: 3), [-3, -1, -0.5, -2], [1, 4, 1, 1]) == [0, 0, 0.5, 0])
    #expect(gate(ChannelGate(open: 1, offset: 0), [0, 0, 2], [1, 3]) == [0, 0, 2])
  }

  @Test("Gates of planes, and more open channels than there are, are refused")
  func refusals() {
    let cases: [(Shape, String)] = [
      ([1, 4, 2, 2], "one number a channel"), ([1, 2], "3 open channels of 2"), ([4], "a batch and channels"),
    ]
    for (shape, words) in cases {
      let message = errorMessage { _ = try ChannelGate(open: 3).outputShape([shape]) }
      #expect(message.contains(words), "\(message)")
    }
    #expect(errorMessage { try ChannelGate(open: 0).validate() }.contains("outside"))
    #expect(errorMessage { try ChannelGate(open: 1, offset: .nan).validate() }.contains("outside"))
  }

  /// A network of two gated convolutions, a linear layer, and a layer that reads a value without gates.
  ///
  /// The second convolution is followed by a norm and an activation.
  private func network() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 6, 6])])
    func gate(_ name: String, reading input: String, channels: Int, open: Int) throws {
      try graph.append(GlobalAveragePool(), name: name + ".mean", inputs: [input])
      try graph.append(
        Conv2D(filters: channels, kernel: 1), name: name + ".saliency", inputs: [name + ".mean"])
      try graph.append(ChannelGate(open: open, offset: 0), name: name + ".gate", inputs: [name + ".saliency"])
    }
    try gate("a", reading: "image", channels: 6, open: 4)
    try graph.append(Conv2D(filters: 6, kernel: 3, padding: 1), name: "a", inputs: ["image"])
    try graph.append(Multiply(), name: "a.gated", inputs: ["a", "a.gate"])
    try graph.append(MaxPool(kernel: 2), name: "pool", inputs: ["a.gated"])
    try gate("b", reading: "pool", channels: 5, open: 3)
    try graph.append(Conv2D(filters: 5, kernel: 3), name: "b", inputs: ["pool"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["b"])
    try graph.append(ReLU(), name: "relu", inputs: ["norm"])
    try graph.append(Multiply(), name: "b.gated", inputs: ["relu", "b.gate"])
    try graph.append(Flatten(), name: "flat", inputs: ["b.gated"])
    try graph.append(Linear(features: 4), name: "hidden", inputs: ["flat"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["hidden"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 41)
    return graph
  }

  @Test(
    "Multiply-adds are the products whose output is not closed and whose input is not of a closed channel")
  func counted() throws {
    var graph = try network()
    let work = GatedWork(graph)
    #expect(work.gates == ["a.gate", "b.gate"])
    // Fewer channels have a number above zero than the gate would leave open.
    for channel in 0..<3 { graph.parameters["a.saliency.bias"]?.value.values[channel] = -10 }
    graph.outputs += ["a.gate", "b.gate", "pool", "flat"]
    let values = Dictionary(uniqueKeysWithValues: zip(graph.outputs, try graph.outputValues()))
    var counts: Set<[Int]> = []
    for image in 0..<2 {
      func of(_ value: String) -> [Float] {
        let all = values[value] ?? []
        return Array(all[image * all.count / 2..<(image + 1) * all.count / 2])
      }
      let (a, b) = (of("a.gate").map { $0 != 0 }, of("b.gate").map { $0 != 0 })
      // Every product of every layer, one by one: positions, outputs, inputs and taps.
      var products = 2 * 6 + 4 * 3
      for _ in 0..<36 { for output in 0..<6 where a[output] { for _ in 0..<2 * 9 { products += 1 } } }
      for _ in 0..<5 { for input in 0..<6 where a[input] { products += 1 } }
      for output in 0..<5 where b[output] {
        for input in 0..<6 where a[input] { for _ in 0..<9 { products += 1 } }
      }
      for _ in 0..<4 { for input in 0..<5 where b[input] { products += 1 } }
      let open = [a.count { $0 }, b.count { $0 }]
      counts.insert(open)
      #expect(work.multiplyAdds(open: open) == products)
      // Channels that are not counted are really zero.
      let pooled = of("pool")
      for channel in 0..<6 where !a[channel] {
        #expect(Set(pooled[channel * 9..<channel * 9 + 9]) == [0])
      }
    }
    #expect(counts.allSatisfy { $0[0] < 4 }, "gates of zero are open: \(counts)")
  }

  @Test("At most as many are open as the gates let; a layer that skips outputs alone reads all inputs")
  func most() throws {
    let work = GatedWork(try network())
    #expect(work.most(of: "a") == 4 * 36 * 2 * 9)
    #expect(work.most(of: "b") == 3 * 4 * 9 && work.mostByOutputs(of: "b") == 3 * 6 * 9)
    #expect(work.most(of: "hidden") == 3 * 4 && work.mostByOutputs(of: "hidden") == 5 * 4)
    #expect(work.most(of: "b.saliency") == 4 * 5 && work.most(of: "a.saliency") == 12)
    #expect(work.most == work.multiplyAdds(open: [4, 3]))
    #expect(work.gate(closing: "b") == "b.gate" && work.gate(closing: "hidden") == nil)
    let plain = try SmallGraph.residual.graph()
    #expect(GatedWork(plain).most == plain.multiplyAdds && GatedWork(plain).gates.isEmpty)
  }

  @Test("A value that something else needs too is made whole, and squeeze-and-excite gates close nothing")
  func shared() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 4, 4])])
    try graph.append(GlobalAveragePool(), name: "mean", inputs: ["image"])
    try graph.append(Conv2D(filters: 4, kernel: 1), name: "saliency", inputs: ["mean"])
    try graph.append(ChannelGate(open: 1), name: "gate", inputs: ["saliency"])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "conv", inputs: ["image"])
    try graph.append(Multiply(), name: "gated", inputs: ["conv", "gate"])
    try graph.append(Add(), name: "sum", inputs: ["conv", "gated"])
    try graph.append(Conv2D(filters: 2, kernel: 1), name: "last", inputs: ["sum"])
    graph.outputs = ["last"]
    let work = GatedWork(graph)
    #expect(work.gate(closing: "conv") == nil && work.most == graph.multiplyAdds)
    let excited = try SmallGraph.squeezeExcite.graph()
    #expect(GatedWork(excited).most == excited.multiplyAdds)
  }

  @Test("Work over images has a mean between the least and the most")
  func images() {
    var work = ImageWork()
    #expect(work.mean == 0)
    for count in [30, 10, 20, 10] { work.add(count) }
    #expect(work.images == 4 && work.least == 10 && work.most == 30 && work.mean == 17.5)
  }
}
