import ArgumentParser
import CProcess
import Execution
import Datasets
import Foundation
import Settings
import Training

/// The command `condense train`: trains a network on a data set.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a network on a folder or archive of images.",
    discussion: """
      Beside MODEL are MODEL.metrics.jsonl, a line an epoch, and while training goes on MODEL.checkpoint/. Killed at any \
      moment and started again with --resume, it ends with the same bytes as if it had never stopped.

      The recipe (SGD with Nesterov momentum, one-cycle rate, batch 128) is that of the network's own file on top of the \
      defaults, changed by --set: training.learningRate, training.batch, training.optimizer=adamw, training.optimizer.momentum, \
      training.schedule=cosine, training.schedule.warmUp, training.weightDecay, training.labelSmoothing, training.gradientClip, \
      training.emaDecay, training.patience, training.accumulationSteps, training.augmentations='[pad-and-crop, flip]'.

      Built with MPI (make mpi), it trains on many machines: mpirun -n 8 condense train … --set training.microBatches=8. Any number \
      of ranks that divides the micro-batches ends with the same bytes, one process included.

      --set network.width=0.25 multiplies the filters and features of every layer but the classifier; the model records \
      it.
      """)

  @Argument(help: "A network's name from Teachers/, or the path of a network's file.")
  var network: String

  @Option(help: "A manifest's name, or the path of a manifest, a folder or an archive.")
  var data: String

  @Option(help: "The file to write the trained model to.")
  var out: String

  @Option(help: "Passes over the training images: training.epochs.")
  var epochs: Int?

  @Option(help: "The seed of weights, order, augmentation and derived splits. (default: 0)")
  var seed: UInt64?

  @Option(help: "Compute threads. (default: all cores; one for each of several ranks)")
  var threads: Int?

  @Option(help: "auto, f32 or bf16. (default: auto)")
  var precision: PrecisionChoice?

  @Option(help: "The share of images to validate on where the data has none; 0 for none. (default: 0.1)")
  var validation: Double?

  @Option(
    help:
      "What val/ is for in data without test/: test (and validation is taken from train/) or val. (default: test)"
  )
  var valFolder: ValFolder?

  @Option(
    name: .customLong("set"),
    help: "A setting: training.KEY=VALUE or network.width=FACTOR; may be given several times.")
  var overrides: [String] = []

  @Flag(help: "Leave out files that cannot be read instead of stopping.")
  var skipBad = false

  @Flag(
    help: "Go on from the checkpoint; start afresh where there is none, do nothing where MODEL is finished.")
  var resume = false

  @Option(help: "Threads that prepare batches; they never change a result.")
  var loaderThreads = 1

  @Option(help: LogOption.help, transform: LogOption.init)
  var log: LogOption?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be in 1...1024, found \(threads)")
    }
    if let validation, !(0...0.9).contains(validation) {
      throw ValidationError("--validation must be in 0...0.9, found \(validation)")
    }
    guard (0...64).contains(loaderThreads) else {
      throw ValidationError("--loader-threads must be in 0...64, found \(loaderThreads)")
    }
  }

  func run() throws {
    try precision?.requireSupport(at: "--precision")
    condense_prepare_compute()
    try TrainingRanks.run { try train($0) }
  }

  /// Trains as a rank; only the first one looks at the model's files.
  private func train(_ ranks: any Ranks) throws {
    let files = ModelFiles(model: out)
    let isFinished = try ranks.isFirst && files.isFinished(resuming: resume)
    if isFinished { Console.note("\(out): finished; nothing to do") }
    if try failing(.internal, { try ranks.any(isFinished) }) { return }
    if ranks.isFirst {
      try files.requireWritableFolder()
      try files.store.acquireForCommand()
    }
    try TrainingRun(self, files, ranks).perform()
  }

  /// The settings `start` with `--epochs` and every `--set` applied.
  func applyOverrides(to start: TrainingSettings) throws -> TrainingSettings {
    var settings = start
    var nodes = try overrides(of: "training").map(\.node)
    if let epochs {
      let mark = SettingsMark(source: "--epochs")
      nodes.append(
        SettingsNode(
          .mapping([.init(key: "epochs", mark: mark, value: SettingsNode(.integer(epochs), mark: mark))])))
    }
    try failing(.usage) {
      for node in nodes {
        try settings.update(from: node, owner: "training")
        for note in TrainingSettings.notes(on: node) { Console.note(note) }
      }
      try settings.validate()
    }
    return settings
  }
}

extension TrainCommand {
  /// The settings of one root that `--set` gives.
  private func overrides(of root: String) throws -> [SettingOverride] {
    try overrides.map { try SettingOverride($0, roots: ["training", "network"]) }.filter { $0.root == root }
  }

  /// The width factor of the network's layers, if `--set network.width` gives one.
  func width() throws -> Double? {
    let given = try overrides(of: "network")
    guard !given.isEmpty else { return nil }
    var settings = NetworkSettings()
    try failing(.usage) {
      for override in given { try settings.update(from: override.node, owner: "network") }
    }
    return settings.width
  }
}

/// The keys that `--set network.KEY=VALUE` accepts.
private struct NetworkSettings: Configurable {
  var width = 1.0

  static var settings: [Setting<NetworkSettings>] {
    [Setting("width", \.width, in: 0.001...64, "factor on the filters and features of every layer")]
  }
}
