import Foundation
import Graphs
import Networks
import Readings
import Settings
import TestSupport
import Testing

@testable import Targets

@Suite("Target profiles")
struct ProfileTests {
  @Test("the profiles that ship are those of the design")
  func shipped() throws {
    let names = try TargetProfile.all(in: shippedTargets).map(\.name)
    #expect(
      names == [
        "asic-45nm", "cortex-m0plus", "cortex-m33", "cortex-m4", "cortex-m7", "ethos-u55-128",
        "ethos-u55-256",
        "ethos-u85-256", "host", "ice40-hx8k", "ice40-up5k", "raspberry-pi-4", "uno",
        "zynq-7020",
      ])
  }

  @Test("a profile written is read again as it was")
  func roundTrip() throws {
    for profile in try TargetProfile.all(in: shippedTargets) {
      let read = try TargetProfile(
        from: SettingsNode(yaml: profile.node.prettyJSON, source: "written"), owner: "a target")
      #expect(read.node == profile.node, "\(profile.name)")
    }
  }

  @Test(
    "what makes no sense is refused, and says where",
    arguments: [
      ("title: x", "test:1: a target needs \"clockMHz\""),
      ("clockMHz: {value: 1}", "test:1: clockMHz needs \"source\""),
      (
        "clockMHz: {value: 1, source: \"\"}",
        "test:1: \"source\" must be where the constant comes from, found no text"
      ),
      ("clockMhz: 1", "test:1: \"clockMhz\" is not a setting of a target; did you mean \"clockMHz\"?"),
      (
        "clockMHz: {value: -1, source: x}",
        "test:1: \"clockMHz\" must be a number in 0...1000000000000.0, found the integer -1"
      ),
      (
        "operations: [{layer: conv2d, bits: 0, cycles: 1, source: x}]",
        "test:1: \"bits\" must be an integer in 1...32"
      ),
      (
        "operations: [{layer: conv2d, bits: 8, cycles: .nan, source: x}]", "test:1: \"cycles\" must be"
      ),
    ])
  func refused(yaml: String, message: String) {
    let found = errorMessage {
      _ = try TargetProfile(from: SettingsNode(yaml: yaml, source: "test"), owner: "a target")
    }
    #expect(found.hasPrefix(message), "\(found)")
  }

  @Test("constants that contradict one another are refused in a file")
  func inconsistent() throws {
    let file = FileManager.default.temporaryDirectory.appending(
      path: "condense-target-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    let start = "title: x\nclockMHz: {value: 1, source: x}\n"
    let cases = [
      ("", "nanojoulesPerCycle"),
      ("watts: {value: 1, source: x}\n", "no operation says what a multiply-add of conv2d costs"),
      (
        "watts: {value: 1, source: x}\n"
          + "operations: [{layer: conv2d, bits: 8, encoding: codebook, cycles: 1, source: x}]\n",
        "no operation says what a multiply-add of conv2d costs"
      ),
      (
        "watts: {value: 1, source: x}\nnanojoulesPerCycle: {value: 1, source: x}\n",
        "give the energy of a cycle or the power, not both"
      ),
      ("watts: {value: 1, source: x}\nlatencyLow: {value: 2, source: x}\n", "latencyLow must lie in 0...1"),
    ]
    for (yaml, part) in cases {
      try Data((start + yaml).utf8).write(to: file)
      let found = errorMessage { _ = try TargetProfile(contentsOf: file.path) }
      #expect(found.contains(part), "\(found)")
    }
  }

  @Test("an unknown name has a suggestion")
  func unknown() {
    let found = errorMessage { _ = try TargetProfile.named("cortexm4", searching: shippedTargets) }
    #expect(found.hasPrefix("\"cortexm4\" is no target; did you mean \"cortex-m4\"?"), "\(found)")
  }
}

@Suite("Published boards")
struct PublishedBoardTests {
  /// The results of MLPerf Tiny's image classification, single stream: inferences per second, and microjoules
  /// if measured.
  struct Row: CustomTestStringConvertible, Sendable {
    let target: String
    let stack: String
    let perSecond: Double
    var microjoules: Double?
    var isFloat = false
    var testDescription: String { "\(target), \(stack)" }
  }

  static let rows = [
    Row(target: "cortex-m4", stack: "X-CUBE-AI 9, v1.2", perSecond: 6.06, microjoules: 6919),
    Row(target: "cortex-m4", stack: "X-CUBE-AI 8, v1.1", perSecond: 4.50, microjoules: 17315),
    Row(target: "cortex-m4", stack: "microTVM with CMSIS-NN, v1.0", perSecond: 2.57, microjoules: 20236),
    Row(target: "cortex-m7", stack: "X-CUBE-AI 9, v1.2", perSecond: 24.6, microjoules: 5090),
    Row(target: "cortex-m7", stack: "v0.7", perSecond: 14.2, microjoules: 11200),
    Row(target: "cortex-m7", stack: "int8", perSecond: 21.8),
    Row(target: "cortex-m7", stack: "float", perSecond: 8.05, isFloat: true),
    Row(target: "cortex-m33", stack: "X-CUBE-AI 9, v1.2", perSecond: 9.06, microjoules: 2579),
    Row(target: "cortex-m0plus", stack: "HALE, v1.2", perSecond: 0.657),
  ]

  private func network(isFloat: Bool) throws -> Graph {
    let spec = try NetworkSpec.named("resnet8", searching: [checkout.appending(path: "Teachers").path])
    var graph = try spec.build()
    graph.initializeParameters(seed: 0)
    return isFloat ? graph : try graph.inBytes()
  }

  @Test(
    "ResNet-8's published latency lies in the estimate's interval, its energy within the factor",
    arguments: rows)
  func published(row: Row) throws {
    let profile = try TargetProfile.named(row.target, searching: shippedTargets)
    let estimate = try profile.estimate(network(isFloat: row.isFloat), flashBytes: 78_666)
    let published = 1000 / row.perSecond
    let latency = try #require(estimate[.latency])
    let (low, high) = (try #require(latency.low), try #require(latency.high))
    #expect(low <= published && published <= high, "\(low)...\(high)")
    if let microjoules = row.microjoules {
      let factor = profile.energyFactor.value
      let energy = try #require(estimate[.energy]).value
      #expect(energy / factor <= microjoules && microjoules <= energy * factor, "\(energy)")
    }
    #expect(estimate.fits)
  }

  @Test("ResNet-8 in bytes keeps 49,152 bytes of values, as TFLM's activations of the model in MLPerf Tiny")
  func memory() throws {
    // The first residual block holds the shortcut and the outputs of both convolutions, 16x32x32 each.
    #expect(try network(isFloat: false).peakLiveBytes == 3 * 16 * 32 * 32)
  }

  @Test("arithmetic in 45 nm takes 4.6 pJ a float and 0.3 pJ a byte multiply-add")
  func arithmetic() throws {
    var profile = try TargetProfile.named("asic-45nm", searching: shippedTargets)
    profile.picojoulesPerByte = nil
    profile.skipsZeros = false
    for (isFloat, picojoules) in [(true, 4.6), (false, 0.3)] {
      let graph = try network(isFloat: isFloat)
      let energy = try #require(try profile.estimate(graph, flashBytes: 0)[.energy]).value
      #expect(abs(energy - Double(graph.multiplyAdds) * picojoules * 1e-6) < 1e-9 * energy)
    }
  }
}
