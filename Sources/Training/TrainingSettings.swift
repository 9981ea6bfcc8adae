public import Datasets
public import Graphs
public import Settings

/// The settings of a training; the defaults are the recipe of the project's reference accuracies.
///
///     var settings = TrainingSettings()
///     let changes = try SettingsNode(yaml: "learningRate: 0.02", source: "demo.yaml")
///     try settings.update(from: changes, owner: "training")
public struct TrainingSettings: Configurable, Sendable {
  /// Passes over the training images.
  public var epochs = 30
  /// Images of an update.
  public var batch = 128
  /// Parts of a batch whose gradients are summed, in order, into one update.
  public var accumulationSteps = 1
  /// Parts of a batch that ranks can share; gradients and running statistics are combined in their order.
  public var microBatches = 1
  /// The highest learning rate.
  public var learningRate: Float = 0.1
  /// Weight decay, for weights; biases and norms are spared.
  public var weightDecay: Float = 5e-4
  /// The rule that turns gradients into updates.
  public var optimizer: any Optimizer = SGD()
  /// The course of the learning rate.
  public var schedule: any Schedule = OneCycle()
  /// The share of the target that is spread over all classes, 0...0.9.
  public var labelSmoothing: Float = 0
  /// The exponent of the focal loss of a detector; `nil` counts the worst of the background instead.
  public var focus: Float?
  /// The largest global norm of the gradient, to which longer ones are shortened; `nil` for no limit.
  public var gradientClip: Float?
  /// The number by which the momentum of an objective's losses beside the task's is larger than the optimizer's, and
  /// the task's smaller; `nil` for one momentum.
  public var momentumGap: Float?
  /// The epochs over which the factor of an objective's losses beside the task's climbs to 1, step by step.
  public var distillationWarmUp = 0
  /// The factor of an objective's losses beside the task's in the last epoch, towards which it goes evenly from 1.
  public var distillationAtEnd: Float = 1
  /// Costs of the weights that are added to the loss.
  public var penalties: [any Penalty] = []
  /// The layers whose weights stay as they are.
  public var frozen: [LayerPattern] = []
  /// The decay of the moving average of weights, which then is evaluated and kept; `nil` for no average.
  public var emaDecay: Float?
  /// Epochs without a better validation metric after which training stops with the best weights; `nil` for
  /// all epochs.
  public var patience: Int?
  /// The augmentations of training images; `nil` takes the data set's.
  public var augmentations: [any Augmentation]?

  /// Creates the settings with their defaults.
  public init() {}

  /// Settings: `epochs`, `batch`, `accumulationSteps`, `microBatches`, `learningRate`, `weightDecay`, `labelSmoothing`,
  /// `focus`, `gradientClip`, `emaDecay`, `patience` and others.
  public static var settings: [Setting<TrainingSettings>] {
    [
      Setting("epochs", \.epochs, in: 1...100_000, "passes over the training images"),
      Setting("batch", \.batch, in: 1...65_536, "images for each update"),
      Setting(
        "accumulationSteps", \.accumulationSteps, in: 1...1_024,
        "parts into which a batch is cut; their gradients are summed for one update"
      ),
      Setting(
        "microBatches", \.microBatches, in: 1...4_096,
        "parts into which a batch is cut, which the ranks of one training can share: as accumulationSteps, but running statistics move by the mean of the parts, once for each update"
      ).omittedAsDefault(),
      Setting("learningRate", \.learningRate, in: 0...1_000, "highest learning rate").formerly("rate"),
      Setting(
        "weightDecay", \.weightDecay, in: 0...10, "weight decay; biases and norms have none"
      ).formerly("decay"),
      optimizerSetting,
      scheduleSetting,
      Setting(
        "labelSmoothing", \.labelSmoothing, in: 0...0.9,
        "share of the target that is spread evenly over all classes"
      )
      .formerly("smoothing"),
      Setting(
        "focus", \.focus, in: 0...10,
        "exponent of a detector's focal loss; null takes the background anchors of the largest loss instead (hard negative mining)"
      ).omittedAsDefault(),
      Setting(
        "gradientClip", \.gradientClip, in: 1e-6...1e6,
        "largest norm of the whole gradient; null does not limit it"
      ).formerly(
        "clip"),
      Setting(
        "momentumGap", \.momentumGap, in: 0...0.5,
        "number by which the momentum of what is learned from a teacher is larger than that of the optimizer sgd, and the task's smaller (DOT); a step then takes about twice the time; null has one momentum"
      ).omittedAsDefault(),
      Setting(
        "distillationWarmUp", \.distillationWarmUp, in: 0...100_000,
        "epochs over which the factor of an objective's losses beside the task's climbs to 1; 0 starts with it"
      ).omittedAsDefault(),
      Setting(
        "distillationAtEnd", \.distillationAtEnd, in: 0...1000,
        "factor of an objective's losses beside the task's in the last epoch, towards which it goes evenly from 1"
      ).omittedAsDefault(),
      penaltiesSetting,
      LayerPattern.setting(
        "frozen", \.frozen,
        "layers whose weights, biases and scales do not change; running statistics of norms still follow the images"
      ).omittedAsDefault(),
      Setting(
        "emaDecay", \.emaDecay, in: 0...0.999_999,
        "decay of the moving average of weights, for each update; null keeps no average"
      ).formerly(
        "average"),
      Setting(
        "patience", \.patience, in: 1...100_000,
        "epochs without a better validation accuracy after which training stops; null never stops early"
      ),
      augmentationsSetting,
    ]
  }

  /// The setting `optimizer`.
  private static var optimizerSetting: Setting<TrainingSettings> {
    Setting(
      "optimizer", expected: "one of \(OptimizerCatalogue.names.joined(separator: ", ")), or settings",
      "optimizer that updates the weights",
      read: { (settings, node) throws(SettingsError) in
        settings.optimizer = try OptimizerCatalogue.read(node, key: "optimizer", present: settings.optimizer)
      }, write: { OptimizerCatalogue.write($0.optimizer) })
  }

  /// The setting `schedule`.
  private static var scheduleSetting: Setting<TrainingSettings> {
    Setting(
      "schedule", expected: "one of \(ScheduleCatalogue.names.joined(separator: ", ")), or settings",
      "schedule of the learning rate",
      read: { (settings, node) throws(SettingsError) in
        settings.schedule = try ScheduleCatalogue.read(node, key: "schedule", present: settings.schedule)
      }, write: { ScheduleCatalogue.write($0.schedule) })
  }

  /// The setting `penalties`.
  private static var penaltiesSetting: Setting<TrainingSettings> {
    Setting(
      "penalties", expected: "a list of \(PenaltyCatalogue.names.joined(separator: ", ")), or null",
      "costs of the weights that are added to the loss; null for none",
      read: { (settings, node) throws(SettingsError) in
        settings.penalties = try PenaltyCatalogue.readList(node, key: "penalties")
      }, write: { $0.penalties.isEmpty ? SettingsNode(.null) : PenaltyCatalogue.writeList($0.penalties) })
  }

  /// The setting `augmentations`.
  private static var augmentationsSetting: Setting<TrainingSettings> {
    Setting(
      "augmentations", expected: "a list of augmentations, or null",
      "random changes of training images; null takes those of the data set",
      read: { (settings, node) throws(SettingsError) in
        settings.augmentations = node.content == .null ? nil : try AugmentationCatalogue.read(node)
      }, write: { $0.augmentations.map(AugmentationCatalogue.write) ?? SettingsNode(.null) })
  }

  /// The factor of an objective's losses beside the task's in an epoch, counted from 0.
  func distillationFactor(epoch: Int) -> Float {
    let climb = distillationWarmUp > 0 ? min(1, Float(epoch + 1) / Float(distillationWarmUp)) : 1
    let progress = epochs > 1 ? Float(epoch) / Float(epochs - 1) : 0
    return climb * (1 + (distillationAtEnd - 1) * min(1, progress))
  }

  /// The settings for a training without a teacher, in which nothing is beside the task's loss.
  public var withoutDistillation: TrainingSettings {
    var settings = self
    (settings.momentumGap, settings.distillationWarmUp, settings.distillationAtEnd) = (nil, 0, 1)
    return settings
  }

  /// The rules of separate momenta; `nil` for one momentum.
  func separateMomenta() -> (task: SeparateMomentum, beside: SeparateMomentum)? {
    guard let momentumGap, let rule = optimizer as? SGD else { return nil }
    return SeparateMomentum.pair(rule, gap: momentumGap)
  }

  /// True if some settings are of what an objective adds to the task's loss.
  var weighsDistillation: Bool {
    momentumGap != nil || distillationWarmUp > 0 || distillationAtEnd != 1
  }

  /// The parts into which a batch is cut, by one setting or the other.
  public var parts: Int { max(accumulationSteps, microBatches) }

  /// Images of a validation batch: those of a micro-batch, as ranks take turns with such batches.
  public var validationBatch: Int { batch / microBatches }

  /// Throws if the batch cannot be cut into equal parts, if `ranks` cannot share the parts evenly, or if the optimizer has no place
  /// for separate momenta.
  public func validate(ranks: Int = 1) throws {
    if let momentumGap {
      guard let rule = optimizer as? SGD, rule.momentum >= momentumGap,
        rule.momentum + momentumGap < 1
      else {
        throw TrainingError.momentumGap(
          gap: momentumGap, optimizer: type(of: optimizer).name,
          momentum: (optimizer as? SGD)?.momentum)
      }
    }
    guard accumulationSteps == 1 || microBatches == 1 else {
      throw TrainingError.cutTwice(accumulationSteps: accumulationSteps, microBatches: microBatches)
    }
    guard batch.isMultiple(of: parts) else {
      throw TrainingError.microBatches(
        batch: batch, parts: parts, setting: microBatches > 1 ? "microBatches" : "accumulationSteps")
    }
    guard microBatches.isMultiple(of: ranks) else {
      throw TrainingError.unevenRanks(ranks: ranks, microBatches: microBatches)
    }
  }
}
