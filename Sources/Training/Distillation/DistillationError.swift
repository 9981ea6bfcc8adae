public import Tensors

/// The reason why a teacher and a student do not fit, or a file of logits does not fit a training.
public enum DistillationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The objective learns from a teacher, and none is given.
  case noTeacher(objective: String)
  /// The objective compares values, which stored logits do not hold.
  case valuesNeeded(objective: String)
  /// Student and teacher differ in a way that the objective does not allow.
  case different(what: String, student: String, teacher: String)
  /// The networks have no values of equal height and width.
  case noPairs(objective: String)
  /// No gate closes channels of the network.
  case noGates(objective: String)
  /// A network computes its scores directly from the image.
  case noFeatures(objective: String, network: String)
  /// One network makes its scores from maps, the other from vectors.
  case noSharedFeatures(objective: String)
  /// The objective needs at least two pairs.
  case onePair(objective: String, String)
  /// The values of a pair have different numbers of channels.
  case channels(objective: String, student: String, Shape, teacher: String, Shape)
  /// The height and width of one value are not the same multiple of the other's.
  case noMultiple(objective: String, String, Shape, String, Shape)
  /// The weight is no share, though labels are to have the rest.
  case noShare(objective: String, weight: Float)
  /// A network has no value of that name.
  case unknownValue(objective: String, network: String, value: String, suggestion: String?)
  /// A value has a shape that the objective cannot compare.
  case notComparable(
    objective: String, network: String, value: String, shape: Shape, takesFeatures: Bool)
  /// The values of a pair have different heights or widths.
  case extents(objective: String, student: String, Shape, teacher: String, Shape)
  /// A checkpoint does not hold the vectors that an objective remembers.
  case memory(value: String, places: Int)
  /// An objective would remember more bytes than are kept.
  case memoryTooLarge(objective: String, bytes: Int, limit: Int)
  /// A file of logits cannot be read.
  case file(path: String, reason: String)
  /// A file of logits was made for another stream of batches.
  case stream(path: String, what: String, stored: String, found: String)
  /// The logits would take more bytes than are stored.
  case tooLarge(bytes: Int, limit: Int)
  /// The teacher's logits are not finite.
  case notFinite(epoch: Int, step: Int)
  /// A batch to record is not full.
  case partialBatch(epoch: Int, step: Int, images: Int, batch: Int)

  /// The text `PLACE: PROBLEM; REMEDY`, with the expected and the found where there are any.
  public var description: String {
    switch self {
    case .noTeacher(let objective):
      "objective \(objective): it learns from a teacher, but none is given; name one, or use the objective supervised"
    case .valuesNeeded(let objective):
      "objective \(objective): it compares values within the networks, which stored logits do not contain; let the teacher "
        + "run alongside"
    case .different(let what, let student, let teacher):
      "teacher: \(what): expected the student's \(student), found \(teacher)"
    case .noPairs(let objective):
      "objective \(objective): student and teacher have no values of equal height and width above 1x1; name "
        + "pairs of values, or use soft-targets"
    case .noGates(let objective):
      "objective \(objective): the network has no gate that closes channels of a layer; add gates first with channel-gates"
    case .noFeatures(let objective, let network):
      "objective \(objective): the \(network) makes its scores directly from the image; name pairs of values"
    case .noSharedFeatures(let objective):
      "objective \(objective): student and teacher must both make their scores from the means of maps, or both from "
        + "vectors; take another student, or hints and then soft-targets"
    case .onePair(let objective, let value):
      "objective \(objective): it compares each value with the next, but found only \"\(value)\"; name two or more pairs"
    case .channels(let objective, let student, let own, let teacher, let its):
      "objective \(objective): \"\(student)\" is \(own), the teacher's \"\(teacher)\" is \(its): the numbers of channels must "
        + "be equal; pair other values"
    case .noMultiple(let objective, let first, let large, let second, let small):
      "objective \(objective): \"\(first)\" is \(large), \"\(second)\" is \(small): the height and width of one must be "
        + "the same multiple of the other's; pair other values"
    case .noShare(let objective, let weight):
      "objective \(objective): \"weight\" must be at most 1 if \"labels\" is null, found \(weight); give "
        + "\"labels\" a factor, such as 0.1"
    case .unknownValue(let objective, let network, let value, let suggestion):
      "objective \(objective): the \(network) has no value \"\(value)\""
        + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
    case .notComparable(let objective, let network, let value, let shape, let takesFeatures):
      "objective \(objective): the \(network)'s value \"\(value)\" is \(shape), expected channels, height and width"
        + (takesFeatures ? ", or features" : "")
    case .extents(let objective, let student, let own, let teacher, let its):
      "objective \(objective): \"\(student)\" is \(own), the teacher's \"\(teacher)\" is \(its): heights and widths must "
        + "be equal; pair other values"
    case .memory(let value, let places):
      "checkpoint: expected \(places) remembered vectors of \"\(value)\", found others or none; train from the start"
    case .memoryTooLarge(let objective, let bytes, let limit):
      "objective \(objective): it would remember \(bytes) bytes, more than the limit of \(limit); lower \"memory\" or "
        + "\"features\""
    case .file(let path, let reason):
      "\(path): \(reason)"
    case .stream(let path, let what, let stored, let found):
      "\(path): holds a teacher's logits for \(what) \(stored), the training has \(found); record them anew"
    case .tooLarge(let bytes, let limit):
      "teacher's logits would take \(bytes) bytes, more than the limit of \(limit); let the teacher run alongside"
    case .notFinite(let epoch, let step):
      "teacher: epoch \(epoch), step \(step): its logits are not finite; train the teacher anew"
    case .partialBatch(let epoch, let step, let images, let batch):
      "teacher's logits: epoch \(epoch), step \(step): \(images) images, expected full batches of \(batch)"
    }
  }
}
