import Encodings
import Execution
import Foundation
import Graphs
import Networks
import Ops
import Settings
import Tensors
import Testing

@testable import condense

/// The folder of specs in the checkout from which the tests were built.
private let teachers =
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Teachers").path

@Suite("condense show")
struct ShowTests {
  @Test("Lenet5's table names every node, its shape and its costs, and fits 80 columns")
  func network() throws {
    let text = try GraphSummary(of: "lenet5", specs: [teachers]).text(width: 80)
    #expect(
      text.hasPrefix(
        """
        lenet5: LeNet-5 (20-50-500) as Caffe has it
        input image 1x28x28

        node      op        output    parameters  mult-adds    bytes
        conv1     conv2d    20x24x24         520    288.0 k   2.08 k
        relu1     relu      20x24x24
        """))
    #expect(text.contains("\ntotal                            431,080    2.293 M  1.724 M\n"))
    #expect(text.contains("\ntraining\n  learningRate 0.02\n"))
  }

  @Test(
    "No line is longer than the terminal, whatever the network",
    arguments: ["resnet56", "wrn16-2", "squeezenet-cifar", "vgg16-cifar"], [72, 80, 120])
  func widths(name: String, width: Int) throws {
    let text = try GraphSummary(of: name, specs: [teachers]).text(width: width)
    #expect(text.split(separator: "\n").filter { $0.count > width } == [])
  }

  @Test("A model's summary holds its classes, input, split and provenance, as text and as JSON")
  func model() throws {
    var graph = try NetworkSpec.named("mlp", searching: [teachers]).build()
    graph.initializeParameters(seed: 0)
    let model = Model(
      graph: graph, classes: (0..<10).map { "digit \($0)" },
      input: InputDescription(shape: [1, 28, 28], mean: [33], deviation: [78]),
      split: SettingsNode(mapping: ["validation": 0.1.node]),
      provenance: SettingsNode(mapping: ["network": "mlp".node, "seed": 3.node]))
    let path = FileManager.default.temporaryDirectory.appending(path: "show-\(UUID().uuidString).safetensors")
      .path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try ModelFile.write(model, to: path)
    let summary = try GraphSummary(of: path, specs: [])
    let text = summary.text(width: 80)
    for part in ["digit 9", "  mean 33", "  validation 0.1", "  seed 3", "209,514"] {
      #expect(text.contains(part))
    }
    let node = try SettingsNode(json: summary.node.prettyJSON, source: "show")
    #expect(node["schema"] == 1.node)
    #expect(node["total"]?["parameters"] == 209_514.node)
    #expect(node["total"]?["bytes"] == (209_514 * 4).node)
    #expect(try node.required("nodes", of: "show").list("nodes").count == graph.nodes.count)
    #expect(node["classes"] == model.classes.node)
    #expect(node["provenance"] == model.provenance)
  }

  @Test("A student's table names the form of each mask, and below which density it pays")
  func breakEven() throws {
    var graph = try NetworkSpec.named("mlp", searching: [teachers]).build()
    graph.initializeParameters(seed: 0)
    let weights = graph.parameters.keys.filter { $0.hasSuffix(".weight") }
    for name in weights {
      guard let value = graph.parameters[name]?.value else { continue }
      let integers = Integer(bits: 8, covering: value, perChannel: true)
      let mask = Mask(value.values.indices.map { $0 * 7919 % 10 == 0 })
      let parameter = Parameter(value, encoding: Sparse(mask: mask, inner: integers))
      graph.parameters[name] = Parameter(parameter.projected, encoding: parameter.encoding)
    }
    let model = Model(
      graph: graph, classes: (0..<10).map { "digit \($0)" },
      input: InputDescription(shape: [1, 28, 28], mean: [33], deviation: [78]),
      split: SettingsNode(mapping: [:]), provenance: SettingsNode(mapping: [:]))
    let summary = try #require(try StorageSummary(of: model))
    let lines = summary.lines(width: 100)
    #expect(lines.count { $0.contains(" sparse ") && $0.contains(" integer ") } == weights.count)
    #expect(lines.count { $0.contains("10.0 %") && $0.contains("87.5 %") } == weights.count)
    let tensors = try #require(summary.fields.first { $0.key == "tensors" }?.value).list("tensors")
    for tensor in tensors {
      let isMasked = try tensor.required("name", of: "a tensor").string("name").hasSuffix(".weight")
      #expect((tensor["codedPlaces"] != nil) == isMasked)
      #expect(tensor["breakEven"]?["mask"] == (isMasked ? 0.875.node : nil))
    }
    var plain = model
    plain.graph.parameters = graph.parameters.mapValues { Parameter($0.projected) }
    #expect(try StorageSummary(of: plain) == nil)
  }

  @Test("Beside the coded bytes of shared weights stand their bits and the entropy that bounds them")
  func entropy() throws {
    var graph = try NetworkSpec.named("mlp", searching: [teachers]).build()
    graph.initializeParameters(seed: 0)
    // Shares of 1/2, 1/4 and twice 1/8 have an entropy of 1.75 bits, which Huffman's code reaches.
    let shares: [UInt16] = [0, 0, 0, 0, 1, 1, 2, 3]
    let weights = graph.parameters.keys.filter { $0.hasSuffix(".weight") }
    for name in weights {
      guard let value = graph.parameters[name]?.value else { continue }
      let codebook = Codebook(
        assignments: value.values.indices.map { shares[$0 % 8] }, count: 4, hasZero: false)
      let parameter = Parameter(value, encoding: codebook)
      graph.parameters[name] = Parameter(parameter.projected, encoding: codebook)
    }
    let model = Model(
      graph: graph, classes: (0..<10).map { "digit \($0)" },
      input: InputDescription(shape: [1, 28, 28], mean: [33], deviation: [78]),
      split: SettingsNode(mapping: [:]), provenance: SettingsNode(mapping: [:]))
    let summary = try #require(try StorageSummary(of: model))
    let lines = summary.lines(width: 80)
    #expect(lines.first?.hasSuffix("bits  bound") == true && lines.contains { $0.hasPrefix("bits: ") })
    #expect(lines.allSatisfy { $0.count <= 80 })
    let tensors = try #require(summary.fields.first { $0.key == "tensors" }?.value).list("tensors")
    for tensor in tensors where tensor["encoding"] == "codebook".node {
      let count = Double(try tensor.required("nonZeros", of: "a tensor").integer("nonZeros"))
      let entropy = try Double(reading: tensor.required("entropyPerWeight", of: "a tensor"), key: "entropy")
      let bits = try Double(reading: tensor.required("bitsPerWeight", of: "a tensor"), key: "bits")
      // A codebook adds four 32-bit numbers, whose bytes have an entropy of at most two bits each.
      #expect(entropy >= 1.75 && entropy <= 1.75 + 32 / count)
      #expect(bits >= entropy && bits <= 1.75 + 200 / count)
      let bytes = Double(try tensor.required("codedBytes", of: "a tensor").integer("codedBytes"))
      #expect(abs(bits * count / 8 - bytes) < 1)
    }
    #expect(lines.count { $0.contains(" 1.75 ") && $0.hasSuffix(" 1.75") } >= 1)
  }

  @Test(
    "The plan of a network names a kernel for each of its nodes, in training and in inference, as text and as JSON"
  )
  func plan() throws {
    let graph = try GraphSummary(of: "squeezenet-cifar", specs: [teachers]).graph
    let listing = try KernelListing(of: graph, batch: 2, precision: .f32, threads: 1)
    let text = listing.text(width: 100)
    #expect(text.hasPrefix("training, batch 2, f32, threads 1, "))
    #expect(text.split(separator: "\n").filter { $0.count > 100 } == [])
    let plans = try listing.node.required("plans", of: "show").list("plans")
    #expect(plans.compactMap { $0["mode"] } == ["training".node, "inference".node])
    for (plan, section) in zip(plans, listing.sections) {
      #expect(try plan.required("kernels", of: "show").list("kernels").count == section.kernels.count)
      let named = Set(section.kernels.map(\.node))
      for node in graph.nodes where node.op is Concat || node.op is Linear {
        #expect(named.contains(node.name))
      }
    }
  }

  @Test("A name that is neither file nor network is refused with a hint")
  func unknown() {
    #expect { try GraphSummary(of: "resnet21", specs: [teachers]) } throws: {
      "\($0)".contains("did you mean \"resnet20\"?")
    }
    #expect { try GraphSummary(of: "./none.safetensors", specs: []) } throws: {
      "\($0)" == "./none.safetensors: cannot be read: no such file"
    }
  }

  @Test(
    "Counts are short: four digits and a unit",
    arguments: [
      (0, ""), (999, "999"), (1000, "1.0 k"), (288_000, "288.0 k"), (2_293_000, "2.293 M"),
      (999_950, "1.0 M"), (313_201_664, "313.2 M"),
    ])
  func short(count: Int, text: String) {
    #expect(GraphSummary.short(count) == text)
  }
}
