import Foundation
import Graphs
import Networks
import Settings
import Tensors
import Testing

/// The folder of specs in the checkout from which the tests were built.
let teachers =
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Teachers").path

/// The number of all stored elements: trainable parameters and running statistics.
func storedElements(_ graph: Graph) -> Int {
  graph.nodes.reduce(0) { sum, node in sum + graph.slots(of: node).reduce(0) { $0 + $1.slot.shape.count } }
}

/// The names of all specs.
let teacherNames = (try? NetworkSpec.all(in: [teachers]).map(\.name)) ?? []

@Suite("Teachers")
struct TeacherTests {
  /// The counts are by hand from the papers' tables.
  ///
  /// Those of mlp, lenet5, resnet20, vgg16 and mobilenet equal PyTorch's
  /// `sum(p.numel() for p in parameters())` for the same layers.
  @Test(
    "Parameters and multiply-adds equal the known counts",
    arguments: [
      ("mlp", 209_514, 209_216), ("lenet-300-100", 266_610, 266_200), ("lenet5", 431_080, 2_293_000),
      ("resnet8", 78_186, 12_501_632), ("resnet20", 272_474, 40_813_184), ("resnet56", 855_770, 125_747_840),
      ("vgg16-cifar", 14_724_042, 313_201_664), ("wrn16-2", 691_674, 101_106_944),
      ("mobilenet-cifar", 136_778, 16_525_824),
      // 784·10 + 10, 10·7 + 7, and twice 10·150 + 150; 784·10 + 10, 40·10 and 40·10; 784·10 + 10.
      ("bonsai", 11_227, 10_910), ("protonn", 8_650, 8_640), ("linear", 7_850, 7_840),
      // Liu et al. give about 26.3 million and 31 billion; a scale for each channel in place of the norm
      // gives 26,285,486.
      ("ssd300-vgg16", 26_285_998, 31_373_537_792),
      // Counted layer by layer in Python.
      ("ssd192-vgg16", 25_042_918, 12_485_011_968),
    ])
  func counts(name: String, parameters: Int, multiplyAdds: Int) throws {
    let graph = try NetworkSpec.named(name, searching: [teachers]).build()
    #expect(graph.parameterCount == parameters)
    #expect(graph.multiplyAdds == multiplyAdds)
  }

  @Test("ResNet-8 stores 78,666 and VGG-16 14.73 million elements, running statistics included")
  func stored() throws {
    #expect(try storedElements(NetworkSpec.named("resnet8", searching: [teachers]).build()) == 78_666)
    #expect(try storedElements(NetworkSpec.named("vgg16", searching: [teachers]).build()) == 14_732_490)
  }

  @Test(
    "Every spec builds and verifies as it is, for other images and classes, and narrow",
    arguments: teacherNames)
  func builds(name: String) throws {
    let spec = try NetworkSpec.named(name, searching: [teachers])
    let isDetector = try !spec.build().outputs.contains("logits")
    let other =
      isDetector
      ? NetworkOptions(input: [spec.input[0], spec.input[1] + 16, spec.input[2] + 8])
      : NetworkOptions(input: [spec.input[0], 48, 40])
    let variants = [
      NetworkOptions(), other,
      NetworkOptions(channels: 4 - spec.input[0]),
      NetworkOptions(classes: 26), NetworkOptions(width: 0.25), NetworkOptions(width: 0.01),
    ]
    for options in variants {
      var graph = try spec.build(options: options)
      graph.initializeParameters(seed: 0)
      #expect(throws: Never.self) { try graph.verify() }
      #expect(graph.classCount == options.classes ?? spec.classes)
      #expect(graph.inputs[0].shape[0] == options.channels ?? spec.input[0])
      if !isDetector { #expect(graph.outputs == ["logits"] && graph.nodes.last?.name == "logits") }
    }
  }

  @Test("Every spec has a title, at most 40 lines, and one meaning for each of its names")
  func tidiness() throws {
    let specs = try NetworkSpec.all(in: [teachers])
    #expect(specs.count >= 11)
    var seen: Set<String> = []
    for spec in specs {
      #expect(!spec.title.isEmpty, "\(spec.name)")
      for name in [spec.name] + spec.aliases {
        #expect(seen.insert(name).inserted, "\(name) means two networks")
      }
      let text = try String(contentsOfFile: teachers + "/\(spec.name).yaml", encoding: .utf8)
      #expect(text.split(separator: "\n").count <= 40)
    }
  }

  @Test("LeNet-5's values are called by kind and number, the last one logits")
  func names() throws {
    let graph = try NetworkSpec.named("lenet5", searching: [teachers]).build()
    #expect(
      graph.nodes.map(\.name) == [
        "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "flatten1", "linear1", "relu3", "logits",
      ])
  }

  @Test("A stage with a stride has it in its first block alone, with a projection there")
  func stageNames() throws {
    let graph = try NetworkSpec.named("resnet20", searching: [teachers]).build()
    #expect(graph.shape(of: "stage2.block1.conv2") == [1, 32, 16, 16])
    #expect(graph.node(named: "stage2.block1.shortcut.conv") != nil)
    #expect(graph.node(named: "stage2.block2.shortcut.conv") == nil)
    #expect(graph.node(named: "stage1.block1.shortcut.conv") == nil)
    #expect(graph.node(named: "stage2.block2.add")?.inputs == ["stage2.block2.norm2", "stage2.block1.relu2"])
    #expect(graph.shape(of: "stage3.block3.relu2") == [1, 64, 8, 8])
  }

  @Test("A quarter-width LeNet-5 has 5 and 13 filters, 125 features and all classes")
  func width() throws {
    let graph = try NetworkSpec.named("lenet5", searching: [teachers]).build(
      options: NetworkOptions(width: 0.25))
    #expect(graph.shape(of: "conv1") == [1, 5, 24, 24])
    #expect(graph.shape(of: "conv2") == [1, 13, 8, 8])
    #expect(graph.shape(of: "linear1") == [1, 125])
    #expect(graph.shape(of: "logits") == [1, 10])
  }

  @Test("A count written 64.0 is scaled as 64 is")
  func widthOfWholeNumbers() throws {
    func filters(_ count: String) throws -> Int? {
      let text =
        "input: [1, 8, 8]\nclasses: 2\nlayers:\n  - conv: {filters: \(count), kernel: 1}\n  - flatten\n  - classifier"
      let spec = try NetworkSpec(SettingsNode(yaml: text, source: "x.yaml"), defaultName: "x")
      return try spec.build(options: NetworkOptions(width: 0.25)).shape(of: "conv1")?[1]
    }
    #expect(try filters("64") == 16)
    #expect(try filters("64.0") == 16)
  }

  @Test("A spec's own training settings are handed on")
  func training() throws {
    let spec = try NetworkSpec.named("lenet5", searching: [teachers])
    #expect(try spec.training.required("learningRate", of: "training").number("learningRate") == 0.02)
  }

  @Test("Aliases name the network that gives them")
  func aliases() throws {
    #expect(try NetworkSpec.named("mobilenet", searching: [teachers]).name == "mobilenet-cifar")
    #expect(try NetworkSpec.named(teachers + "/mlp.yaml", searching: []).name == "mlp")
  }

  @Test("An unknown network names its neighbour")
  func unknown() throws {
    #expect {
      try NetworkSpec.named("resnet21", searching: [teachers])
    } throws: { error in
      "\(error)".hasPrefix("no network is called \"resnet21\"; did you mean \"resnet20\"? (alexnet-cifar, ")
        && "\(error)".contains(", lenet5, ")
    }
  }
}
