import DNNL
import Datasets
import Execution
import Foundation
import Graphs
import Images
import Networks
import Ops
import Settings
import Tensors
import Training

/// One call of `condense train`: resolves and prints all settings, then trains and writes the model.
struct TrainingRun {
  private let command: TrainCommand
  private let files: ModelFiles
  private let backend = DNNLBackend()
  private let checkpoint: Checkpoint?
  private let began: TrainingIdentity?
  private let logs: TrainingLogs?
  private let ranks: any Ranks

  init(_ command: TrainCommand, _ files: ModelFiles, _ ranks: any Ranks) throws {
    self.command = command
    self.files = files
    self.ranks = ranks
    logs = ranks.isFirst ? command.log.map(TrainingLogs.init) : nil
    checkpoint = try failing(.badInput) { try files.store.latest(over: ranks) }
    for problem in files.store.damaged { Console.note("passing over a checkpoint: \(problem)") }
    began = try checkpoint.map { checkpoint in
      try failing(.badInput) { try TrainingIdentity(from: checkpoint.identity) }
    }
  }

  func perform() throws {
    do {
      try train()
    } catch {
      if ranks.isFirst, checkpoint == nil, (try? files.store.latest()) == nil { files.store.remove() }
      throw error
    }
  }

  private func train() throws {
    if let began {
      try PrecisionChoice(rawValue: began.precision.rawValue)?.requireSupport(at: files.store.directory)
    }
    let spec = try spec()
    let settings = try resolvedSettings(spec)
    let data = try openedData(spec, ranks)
    let width = try command.width() ?? began?.width ?? 1
    let material = try TrainingMaterial(
      spec, data, settings: fitted(settings, to: data), seed: seed, width: width)
    let identity = identity(spec, material, width: width)
    if let began { try failing(.usage) { try identity.requireSame(as: began, path: files.store.directory) } }
    try requireSameRanks(identity)
    announce(identity, material)
    let signals = StopSignals()
    let progress = ProgressLine()
    try failing(.badInput) {
      try logs?.follow(files.metrics, named: files.name, epochs: checkpoint?.progress.epoch ?? 0)
    }
    let trainer = try trainer(identity, material, progress)
    let start = ContinuousClock().now
    let outcome = try failing(.badInput) { try trainer.run { signals.isStopping } }
    progress.clear()
    switch outcome {
    case .stopped(let reached): throw stopped(reached, signals.status)
    case .finished(let result):
      guard ranks.isFirst else { return }
      try write(result, identity, material)
      report(result, identity, material, seconds: start.duration(to: .now))
    }
  }

  // MARK: What is trained

  private var seed: UInt64 { command.seed ?? began?.seed ?? 0 }
  private var threads: Int {
    command.threads ?? began?.threads
      ?? (ranks.count > 1 ? 1 : max(1, ProcessInfo.processInfo.activeProcessorCount))
  }

  private func spec() throws -> NetworkSpec {
    let folders = Locations.folders("Teachers")
    let isPath = NamedFiles.isPath(command.network)
    guard !folders.isEmpty || isPath else {
      throw CommandFailure(
        .missing,
        "Teachers/: not found here; set CONDENSE_HOME to Condense's folder, or give a network's path")
    }
    return try failing(.badInput) { try NetworkSpec.named(command.network, searching: folders) }
  }

  private func resolvedSettings(_ spec: NetworkSpec) throws -> TrainingSettings {
    if let began {
      let settings = try command.applyOverrides(to: began.settings)
      try failing(.usage) { try settings.requireSame(as: began.settings, path: files.store.directory) }
      return settings
    }
    var settings = TrainingSettings()
    if spec.training.content != .null {
      try failing(.badInput) { try settings.update(from: spec.training, owner: "training") }
      for note in TrainingSettings.notes(on: spec.training) { Console.note(note) }
    }
    return try command.applyOverrides(to: settings)
  }

  /// Makes the batch smaller if the data set has fewer images, unless the user has given its size.
  private func fitted(_ settings: TrainingSettings, to data: Dataset) -> TrainingSettings {
    let images = data.count(of: .train)
    let isGiven = command.overrides.contains { $0.hasPrefix("training.batch=") }
    guard images < settings.batch, images >= settings.parts, !isGiven else { return settings }
    var settings = settings
    settings.batch = images - images % settings.parts
    Console.note(
      "\(images.counted("training image")) do not fill a batch: training.batch is \(settings.batch)")
    return settings
  }

  /// Opens the data, on the first rank before the others, which then find the images decoded in the cache.
  private func openedData(_ spec: NetworkSpec, _ ranks: any Ranks) throws -> Dataset {
    if !ranks.isFirst { try failing(.internal) { _ = try ranks.broadcast([]) } }
    let data = try openedData(spec)
    if ranks.isFirst { try failing(.internal) { _ = try ranks.broadcast([]) } }
    return data
  }

  private func openedData(_ spec: NetworkSpec) throws -> Dataset {
    var options = DatasetOptions.forCommands
    options.seed = seed
    options.validationFraction = command.validation ?? began?.split.validationFraction ?? 0.1
    options.valFolder = command.valFolder ?? began?.split.valFolder
    options.skipBad = command.skipBad
    options.imageSize = ImageSize(width: spec.input[2], height: spec.input[1])
    let data = try failing { () throws(DatasetError) in try Dataset.open(command.data, options: options) }
    for message in data.messages { Console.note(message) }
    if !data.problems.isEmpty {
      Console.note("left out \(data.problems.count.counted("file")) that cannot be read")
    }
    return data
  }

  private func identity(
    _ spec: NetworkSpec, _ material: TrainingMaterial, width: Double
  ) -> TrainingIdentity {
    let wanted = command.precision.flatMap(\.precision) ?? began?.precision
    return TrainingIdentity(
      network: spec.name, width: width, graph: material.graph, split: material.data.splitDescription,
      skippedFiles: material.data.problems.count, seed: seed, threads: threads,
      precision: wanted ?? Precision.automatic(for: material.graph, on: backend),
      backend: "\(backend.name) \(backend.version)", instructionSet: backend.instructionSet,
      settings: material.settings)
  }

  /// Ends the command if a rank is about to train something else, or on another kind of processor.
  private func requireSameRanks(_ identity: TrainingIdentity) throws {
    try failing(.usage) { try identity.settings.validate(ranks: ranks.count) }
    guard ranks.count > 1, case .mapping(let entries) = identity.node.content else { return }
    try failing(.badInput) {
      try ranks.requireSame(entries.map { (what: $0.key, value: $0.value.canonicalJSON) })
    }
  }

  // MARK: Training

  private func trainer(
    _ identity: TrainingIdentity, _ material: TrainingMaterial, _ progress: ProgressLine
  ) throws -> Trainer {
    let epochs = identity.settings.epochs
    let setup = Trainer.Setup(
      task: material.task, graph: material.graph, backend: backend, settings: identity.settings, seed: seed,
      threads: identity.threads, precision: identity.precision, identity: identity.node, ranks: ranks)
    let machine = BusyMachine(setup) { try material.trainingLoader(threads: 0) }
    let share = identity.settings.batch / ranks.count
    let part = ranks.rank * share..<(ranks.rank + 1) * share
    return try failing(.badInput) {
      let trainer = try Trainer(
        setup,
        training: material.trainingLoader(
          threads: command.loaderThreads, part: ranks.count > 1 ? part : nil),
        validation: material.validationLoader(
          turn: ranks.count > 1 ? (number: ranks.rank, count: ranks.count) : nil),
        checkpoints: ranks.isFirst ? files.store : nil,
        log: ranks.isFirst ? MetricsLog(path: files.metrics) : nil,
        observer: TrainingObserver(
          step: {
            progress.show($0)
            guard let words = machine.afterStep() else { return }
            progress.clear()
            Console.note(words)
          },
          epoch: {
            progress.show($0, of: epochs)
            logs?.update(files.metrics, named: files.name)
          }))
      if let checkpoint { try trainer.restore(checkpoint) }
      return trainer
    }
  }

  private func stopped(_ reached: TrainingProgress, _ status: CommandFailure.Status) -> CommandFailure {
    var arguments = CommandLine.arguments
    if !arguments.contains("--resume") { arguments.append("--resume") }
    let line = arguments.map(Shell.quoted).joined(separator: " ")
    return CommandFailure(
      status,
      "stopped after step \(reached.step) of epoch \(reached.epoch + 1), all is saved; go on with"
        + (ranks.count > 1 ? ", under mpirun or srun or alone," : "") + "\n  \(line)")
  }

  private func write(
    _ result: Trainer.Result, _ identity: TrainingIdentity, _ material: TrainingMaterial
  ) throws {
    var provenance: [SettingsNode.Entry] = [
      .init(key: "tool", mark: Self.mark, value: "condense \(Version.text)".node),
      .init(key: "epochs", mark: Self.mark, value: result.progress.epoch.node),
      .init(
        key: "trainingImages", mark: Self.mark,
        value: (result.progress.updates * identity.settings.batch).node),
    ]
    if let best = result.progress.best {
      provenance.append(.init(key: "bestEpoch", mark: Self.mark, value: best.epoch.node))
    }
    if case .mapping(let entries) = identity.node.content {
      provenance += entries.filter { $0.key != "split" }
    }
    let model = Model(
      graph: result.graph, classes: material.data.classes, input: material.inputDescription,
      split: material.data.splitDescription.node, provenance: SettingsNode(.mapping(provenance)))
    try failing(.badInput) { try ModelFile.write(model, to: files.model) }
    files.store.remove()
  }

  private static let mark = SettingsMark(source: "built-in")

  // MARK: Words

  private func announce(_ identity: TrainingIdentity, _ material: TrainingMaterial) {
    let counts = material.data.splitDescription.counts
    Console.note(
      "\(identity.network)\(identity.width == 1 ? "" : " of width \(identity.width)"): "
        + "\(material.graph.parameterCount) parameters, "
        + "\(material.graph.multiplyAdds) multiply-adds, input \(material.input)")
    Console.note(
      "\(command.data): \(counts[.train] ?? 0) training and \(counts[.validation] ?? 0) validation images, "
        + "\(material.data.classes.count) classes")
    Console.note(
      "seed \(seed), \(identity.threads.counted("thread")), \(identity.precision.rawValue), \(identity.backend) "
        + "(\(identity.instructionSet))")
    if ranks.count > 1 {
      let parts = identity.settings.microBatches
      Console.note(
        "\(ranks.count) ranks, each with \(parts / ranks.count) of \(parts) micro-batches")
    }
    if command.precision?.precision == nil, began == nil,
      let fallback = Precision.automaticFallback(for: material.graph, on: backend)
    {
      Console.note(fallback)
    }
    Console.note("training:")
    for line in RecipeText.lines(identity.settings.node) { Console.note(line) }
    if let checkpoint {
      Console.note(
        "going on after step \(checkpoint.progress.step) of epoch \(checkpoint.progress.epoch + 1)")
    }
    if let began, began.instructionSet != identity.instructionSet || began.backend != identity.backend {
      Console.note(
        "began with \(began.backend) (\(began.instructionSet)): the last bits may differ from an uninterrupted run"
      )
    }
  }

  private func report(
    _ result: Trainer.Result, _ identity: TrainingIdentity, _ material: TrainingMaterial, seconds: Duration
  ) {
    let last = MetricsLog(path: files.metrics).last()
    if command.json {
      Console.print(
        SettingsNode(mapping: [
          "schema": 1.node, "model": files.model.node, "network": identity.network.node,
          "epochs": result.progress.epoch.node, "bestEpoch": (result.progress.best?.epoch).node,
          "last": last ?? SettingsNode(.null), "parameters": material.graph.parameterCount.node,
          "images": (material.data.splitDescription.counts[.train] ?? 0).node,
          "skippedFiles": identity.skippedFiles.node, "seed": identity.node["seed"] ?? SettingsNode(.null),
          "threads": identity.threads.node, "precision": identity.precision.node,
          "instructionSet": identity.instructionSet.node, "settings": identity.settings.node,
          "seconds": seconds.inSeconds.node,
        ]).prettyJSON)
    } else {
      Console.print("\(files.model): \(identity.network) after \(result.progress.epoch.counted("epoch"))")
    }
  }
}

/// The quoting of words for a shell.
enum Shell {
  /// The word, in quotes if the shell requires them.
  static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || "-_./=:,+@%".utf8.contains(byte)
      }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
