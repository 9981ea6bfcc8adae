/// A failure of a training or an evaluation, with its place.
public enum TrainingError: Error, Sendable, CustomStringConvertible {
  /// The batch cannot be cut into parts of equal size.
  case microBatches(batch: Int, parts: Int, setting: String)
  /// The batch is cut by two settings at once.
  case cutTwice(accumulationSteps: Int, microBatches: Int)
  /// The ranks cannot take as many micro-batches each.
  case unevenRanks(ranks: Int, microBatches: Int)
  /// A rank is about to train something else, or ended up with other weights.
  case ranksDiffer(rank: Int, what: String, first: String, found: String)
  /// Another rank cannot be reached any more.
  case rankLost(rank: Int, reason: String)
  /// The optimizer's momentum leaves no place for the gap.
  case momentumGap(gap: Float, optimizer: String, momentum: Float?)
  /// Settings are of losses that the objective does not have.
  case notBeside(objective: String, missing: String)
  /// The training images do not fill one batch.
  case tooFewImages(images: Int, batch: Int)
  /// Early stopping needs validation images.
  case patienceWithoutValidation
  /// A network has more classes than can be stored.
  case tooManyClasses(network: String, limit: Int, found: Int)
  /// The loss is not finite.
  case notFinite(epoch: Int, step: Int, loss: Double, culprit: Culprit)
  /// A parameter is no longer finite after an update.
  case weightsNotFinite(epoch: Int, step: Int, parameter: String)
  /// A checkpoint or network file cannot be read.
  case checkpoint(path: String, reason: String)
  /// A training is to go on under other conditions than it began with.
  case contradiction(path: String, what: String, stored: String, found: String)
  /// Another training writes to the same folder.
  case locked(path: String)
  /// A file cannot be written.
  case unwritable(path: String, reason: String)
  /// A penalty finds nothing to penalize that learns.
  case nothingToPenalize(penalty: String)
  /// A pattern matches no layer.
  case strayLayers(place: String, pattern: String, known: [String])
  /// All layers that learn are frozen.
  case nothingLearns(layers: [String])
  /// The points of a rewriter do not ascend or lie outside the training.
  case rewritePoints(points: [Int], updates: Int)
  /// A network or a setting does not go with weights that networks share.
  case sharing(layer: String, reason: String)
  /// A rewrite names an origin that does not exist or fit.
  case origin(parameter: String, reason: String)

  /// The first thing that is no finite number.
  public enum Culprit: Sendable, Equatable, CustomStringConvertible {
    /// A stored parameter.
    case parameter(String)
    /// The value that a node computes from finite inputs.
    case node(String, kind: String)
    /// The images themselves.
    case images
    /// The loss alone; everything that the network computes is finite.
    case loss

    /// A phrase for messages.
    public var description: String {
      switch self {
      case .parameter(let name): "parameter \"\(name)\" is the first that is not finite"
      case .node(let name, let kind): "node \"\(name)\" (\(kind)) is the first whose output is not finite"
      case .images: "the images of the batch are not finite"
      case .loss: "the outputs of all nodes are finite, only the loss is not"
      }
    }
  }

  /// The text `PLACE: PROBLEM; REMEDY`, with the expected and the found where there are any.
  public var description: String {
    switch self {
    case .microBatches(let batch, let parts, let setting):
      "training: \"batch\" \(batch) cannot be cut into \(parts) \"\(setting)\" of equal size"
    case .cutTwice(let steps, let parts):
      "training: a batch is cut by \"accumulationSteps\" or by \"microBatches\", found \(steps) and \(parts); leave one out"
    case .unevenRanks(let ranks, let parts):
      "training: \(ranks) ranks need a number of \"microBatches\" that is a multiple of \(ranks), found \(parts); "
        + "set training.microBatches, or start a number of ranks that divides it"
    case .ranksDiffer(let rank, let what, let first, let found):
      "rank \(rank): \(what): expected \(first) as on rank 0, found \(found); ranks need the same program, settings and data, on "
        + "processors of one instruction set"
    case .rankLost(let rank, let reason):
      "rank \(rank): another rank has ended or cannot be reached: \(reason); start the training again with --resume"
    case .momentumGap(let gap, let optimizer, let momentum):
      "training: \"momentumGap\" \(gap) needs the optimizer sgd with a momentum of \(gap) or more and below \(1 - gap), found "
        + "\(optimizer)\(momentum.map { " with \($0)" } ?? ""); lower the gap, or leave it out"
    case .notBeside(let objective, let missing):
      "training: \"momentumGap\", \"distillationWarmUp\" and \"distillationAtEnd\" are for stages that learn from a teacher; the "
        + "objective \(objective) has no loss \(missing); leave them out there"
    case .tooFewImages(let images, let batch):
      "training: \(images) training images do not fill one batch of \(batch); lower it with --set training.batch=N"
    case .patienceWithoutValidation:
      "training: \"patience\" needs validation images: set --validation above 0, or leave patience out"
    case .tooManyClasses(let network, let limit, let found):
      "\(network): expected at most \(limit) classes, found \(found)"
    case .notFinite(let epoch, let step, let loss, let culprit):
      "epoch \(epoch), step \(step): the loss is \(loss): \(culprit); lower the learning rate (--set training.learningRate=…) or limit "
        + "the gradient (--set training.gradientClip=1)"
    case .weightsNotFinite(let epoch, let step, let parameter):
      "epoch \(epoch), step \(step): parameter \"\(parameter)\" is no longer finite; lower the learning rate (--set training.learningRate=…) or limit "
        + "the gradient (--set training.gradientClip=1)"
    case .checkpoint(let path, let reason):
      "\(path): \(reason)"
    case .contradiction(let path, let what, let stored, let found):
      "\(path): began with \(what) \(stored), found \(found); use the stored value to go on, or train to another --out"
    case .locked(let path):
      "\(path): another training writes there; wait for it to end or train to another --out"
    case .unwritable(let path, let reason):
      "\(path): cannot be written: \(reason)"
    case .nothingToPenalize(let penalty):
      "training: penalty \(penalty): the network has no trained weights that it penalizes; leave it out"
    case .strayLayers(let place, let pattern, let known):
      "training: \(place): \"\(pattern)\" matches no layer of the network; the layers are \(known.joined(separator: ", "))"
    case .nothingLearns(let layers):
      "training: frozen: the patterns match all layers that learn (\(layers.joined(separator: ", "))); leave one out"
    case .rewritePoints(let points, let updates):
      "training: a network is rewritten after ascending numbers of updates below \(updates), found \(points)"
    case .sharing(let layer, let reason):
      "shared weights: \"\(layer)\": \(reason)"
    case .origin(let parameter, let reason):
      "rewrite: parameter \"\(parameter)\": \(reason)"
    }
  }
}
