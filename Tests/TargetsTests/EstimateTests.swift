import Graphs
import Ops
import Readings
import Settings
import Tensors
import TestSupport
import Testing

@testable import Targets

@Suite("Estimates")
struct EstimateTests {
  private func profile(_ changes: String = "") throws -> TargetProfile {
    let yaml = """
      title: one megahertz
      clockMHz: {value: 1, source: chosen}
      flashBytes: {value: 4000, source: chosen}
      ramBytes: {value: 2000, source: chosen}
      codeBytes: {value: 100, source: chosen}
      runtimeBytes: {value: 10, source: chosen}
      operations:
        - {layer: conv2d, bits: 8, cycles: 2, source: chosen}
        - {layer: conv2d, bits: 32, cycles: 8, source: chosen}
        - {layer: linear, bits: 32, cycles: 3, source: chosen}
        - {layer: depthwise, bits: 32, cycles: 5, source: chosen}
      elements:
        - {bits: 8, cycles: 0.25, source: chosen}
        - {bits: 32, cycles: 0.5, source: chosen}
      nanojoulesPerCycle: {value: 2, source: chosen}
      latencyLow: {value: 0.5, source: chosen}
      latencyHigh: {value: 1.5, source: chosen}
      """
    return try TargetProfile(
      from: SettingsNode(yaml: yaml + "\n" + changes, source: "test"), owner: "a target")
  }

  /// A network from 3x8x8 through a convolution of four filters, norm and ReLU to 4x8x8, then flattened to
  /// ten logits.
  private func chain() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 8, 8])])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1, bias: false), name: "conv", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["conv"])
    try graph.append(ReLU(), name: "relu", inputs: ["norm"])
    try graph.append(Flatten(), name: "flat", inputs: ["relu"])
    try graph.append(Linear(features: 10), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 1)
    return graph
  }

  @Test("a chain's cycles, time, energy and bytes are those worked out by hand")
  func chainByHand() throws {
    let estimate = try profile().estimate(chain(), flashBytes: 3000)
    // After folding: conv 256·27 multiply-adds and 256 elements, relu 256 elements, logits 2560 multiply-adds
    // and 10 elements.
    let conv = 256.0 * 27 * 8 + 128
    let cycles = conv + 128 + (2560 * 3 + 5)
    #expect(estimate.layers?.map(\.name) == ["norm", "relu", "flat", "logits"])
    let shares: [Double] = [conv, 128, 0, 2560 * 3 + 5]
    #expect(estimate.layers?.map(\.cycles) == shares)
    let bytes: [Int] = [4 * (27 * 4 + 4), 0, 0, 4 * (2560 + 10)]
    #expect(estimate.layers?.map(\.flashBytes) == bytes)
    #expect(estimate[.latency]?.value == cycles / 1000)
    #expect(estimate[.latency]?.low == cycles / 2000 && estimate[.latency]?.high == cycles * 1.5 / 1000)
    #expect(abs((estimate[.energy]?.value ?? 0) - cycles * 2 / 1000) < 1e-9)
    #expect(estimate[.flash]?.value == 3100)
    // The image takes 768 bytes and the convolution 1024; ReLU and Flatten take no further memory.
    #expect(estimate[.ram] == Figure(10 + 768 + 1024))
    #expect(estimate.fits && estimate.reason == nil)
    #expect(estimate.bases == [.modelled])
  }

  @Test("bytes take a quarter of the memory and the narrow costs")
  func bytes() throws {
    let estimate = try profile().estimate(chain().inBytes(), flashBytes: 0)
    #expect(estimate[.ram] == Figure(10 + 192 + 256))
    // The profile has no 8-bit cost for linear layers, so the cost of 32 bits applies, the narrowest
    // sufficient one.
    let expected: [Double] = [256 * 27 * 2 + 64, 64, 0, 2560 * 3 + 2.5]
    #expect(estimate.layers?.map(\.cycles) == expected)
    #expect(estimate.layers?[0].flashBytes == 27 * 4 + 4 * 4)
  }

  @Test("what does not fit says by how many bytes")
  func overflow() throws {
    let estimate = try profile("weightsInRAM: true").estimate(chain(), flashBytes: 5000)
    #expect(!estimate.fits)
    #expect(
      estimate.reason
        == "flash: 1100 bytes too many: needs 5100, has 4000; RAM: 4802 bytes too many: needs 6802, has 2000")
  }

  @Test("zeros are skipped only where the profile says so")
  func zeros() throws {
    var graph = try chain()
    for index in 0..<54 { graph.parameters["conv.weight"]?.value.values[index] = 0 }
    graph = try graph.inBytes()
    let dense = try profile().estimate(graph, flashBytes: 0)
    let skipping = try profile("skipsZeros: true").estimate(graph, flashBytes: 0)
    let products = 256.0 * 27 * 2
    #expect(dense.layers?[0].cycles == products + 64)
    #expect(skipping.layers?[0].cycles == products / 2 + 64)
  }

  @Test("energies of operations and bytes add to those of cycles")
  func picojoules() throws {
    let changes = "picojoulesPerByte: {value: 10, source: chosen}"
    let estimate = try profile(changes).estimate(chain(), flashBytes: 700)
    let cycles = try #require(estimate.layers).reduce(0) { $0 + $1.cycles }
    // The convolution, ReLU and the linear layer read and write; Flatten moves nothing.
    let moved = 700.0 + 1792 + 2048 + 1064
    let expected = cycles * 2e-3 + moved * 10e-6
    #expect(abs((estimate[.energy]?.value ?? 0) - expected) < 1e-9)
  }

  @Test("a measured profile wants the measurement and believes it")
  func measured() throws {
    let host = try TargetProfile.named("host", searching: shippedTargets)
    #expect(
      errorMessage { _ = try host.estimate(chain(), flashBytes: 1) }
        == "host: its latency is measured, not modelled; run the network and give the milliseconds of an image"
    )
    let estimate = try host.estimate(chain(), flashBytes: 1, measuredLatencyMs: 3)
    #expect(estimate[.latency]?.value == 3 && estimate[.latency]?.low == 3 && estimate[.latency]?.high == 3)
    #expect(estimate.bases == [.measured])
    #expect(
      estimate[.energy]
        == Figure(30_000, low: 30_000 / host.energyFactor.value, high: 30_000 * host.energyFactor.value))
  }
}
