import ArgumentParser
import Datasets
import Export
import Graphs
import Readings
import Settings
import Simulation
import Targets
import Tasks
import Tensors

/// The command `condense profile`: estimates a model's flash, RAM, time and energy on boards.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract:
      "Measure what a model takes on targets: flash, RAM, latency, energy; one target in full, layer by layer.",
    discussion: """
      Models are compiled and run in the target's simulator where its tools are installed (condense doctor), and held \
      against the reference: integers bit for bit, floats within a ten-thousandth. Networks without a model, and targets \
      without a simulator, are estimated, and marked so. Without --data images are random: cycles hardly depend on them.
      """)

  @Argument(
    help: "A model file; RUN/ROW, a row of a comparison; or a network's name or the path of its spec.")
  var model: String

  @Option(help: "A profile's name or path; repeat for several. All profiles by default, without synthesis.")
  var target: [String] = []

  @Option(help: "Images to simulate: a manifest's name, a manifest, a folder or an archive; its test split.")
  var data: String?

  @Option(help: "How many images to simulate. (default: 20 of integer models, 2 of floats)")
  var images: Int?

  @OptionGroup var normalization: NormalizationOption

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let images, !(1...100_000).contains(images) {
      throw ValidationError("--images must be in 1...100000, found \(images)")
    }
  }

  func run() throws {
    let model = try ModelPath.resolved(model)
    let options = try normalization.importOptions()
    let graph = try failing(.badInput) { try Self.graph(of: model, options.normalization) }
    var profiles = try failing(.badInput) { try Self.profiles(target) }
    try failing(.badInput) { for profile in profiles { try profile.requireSimulator() } }
    if target.isEmpty { profiles = Self.withoutFlows(profiles) }
    let count = images ?? (graph.hasEncodedValues ? 20 : 2)
    let material =
      GraphSummary.isModel(model) ? try ProfileMaterial(model, options, data: data, count: count) : nil
    let report = try failing(.badInput) { try ProfileReport(graph, material, on: profiles, name: model) }
    Console.print(json ? report.node.prettyJSON : report.text(width: Console.width))
    let unequal = report.rows.filter { ($0.reading.imagesUnequal ?? 0) > 0 }.map(\.profile.name)
    guard unequal.isEmpty else {
      throw CommandFailure(
        .internal,
        "\(unequal.joined(separator: ", ")): the exported program does not compute what the model computes")
    }
  }

  /// The graph of a model file or a network spec.
  ///
  /// A spec gets untrained weights, which cost as much as trained ones.
  private static func graph(of model: String, _ normalization: InputNormalization?) throws -> Graph {
    let specs = Locations.folders("Teachers")
    var graph = try GraphSummary(of: model, specs: specs, normalization: normalization).graph
    if graph.parameters.isEmpty { graph.initializeParameters(seed: 0) }
    return graph
  }

  /// The profiles; if a profile's tools take minutes for a network, its cost model replaces them and a note
  /// is printed.
  private static func withoutFlows(_ profiles: [TargetProfile]) -> [TargetProfile] {
    let slow = profiles.filter(TargetMeter.forCommands.takesMinutes).map(\.name)
    guard !slow.isEmpty else { return profiles }
    Console.note(
      "estimated, as their tools take minutes: \(slow.joined(separator: ", ")); run them with --target NAME")
    return profiles.map { profile in
      var profile = profile
      if slow.contains(profile.name) { profile.simulator = nil }
      return profile
    }
  }

  static func profiles(_ names: [String]) throws -> [TargetProfile] {
    let folders = Locations.folders("Recipes/targets")
    guard !names.isEmpty else { return try TargetProfile.all(in: folders) }
    return try names.map { try TargetProfile.named($0, searching: folders) }
  }
}

/// A model with the images for its simulation.
struct ProfileMaterial {
  let model: Model
  /// The normalized images, each `[C, H, W]`.
  let images: [[Float]]
  /// The task and the annotation of each image; `nil` for random images.
  let truth: (task: any ImageTask, annotations: [Annotation])?

  /// Reads the first test images of the data; without data the images are random.
  init(_ path: String, _ options: ImportOptions, data: String?, count: Int) throws {
    var options = options
    options.needsNormalization = data != nil
    let reading = options
    let imported = try failing(.badInput) { try ModelReader.read(path, reading) }
    model = imported.model
    let size = model.input.shape.count
    guard let data else {
      var random = SeededRandom(seed: 0, purpose: "profile images")
      let count = max(1, min(count, VerificationMaterial.maximumElements / size))
      images = (0..<count).map { _ in (0..<size).map { _ in 2 * random.uniform() - 1 } }
      truth = nil
      return
    }
    let material = try VerificationMaterial(data: data, imported: imported).images(atMost: count)
    let values = material.images.values
    images = material.truth.indices.map { image in (0..<size).map { values[image * size + $0] } }
    truth = (material.task, material.truth)
  }
}
