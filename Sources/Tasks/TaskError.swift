public import Graphs

/// A task that does not fit a network or a data set.
public enum TaskError: Error, Sendable, CustomStringConvertible {
  /// No task trains on all annotations of the data.
  case noTask(data: String)
  /// The network lacks the outputs that a task needs.
  ///
  /// The text `data` says which data needs them, and `answer` names a kind of network that has them.
  case head(network: String, expected: String, found: String, data: String, answer: String)
  /// The network has no head of this name.
  case noHead(network: String, name: String, known: [String])
  /// The task has no target of this name.
  case noTarget(name: String, known: [String])
  /// A network has no value of this name.
  case unknownValue(network: String, String)
  /// A node of the student begins with the objective's prefix.
  case reservedName(String)
  /// The objective has no terms.
  case nothingMinimized
  /// The focal loss was asked for with a task that has no anchors.
  case focusOfClasses
  /// A graph is not valid.
  case graph(GraphError)

  /// The message in the form *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .noTask(let data):
      "\(data): no task learns from all of its annotations; expected images of one class each, or of boxes around things"
    case .head(let network, let expected, let found, let data, let answer):
      "\(network): expected an output of \(expected), found \(found); data of \(data) needs \(answer); "
        + "`condense list networks` shows all"
    case .noHead(let network, let name, let known):
      "\(network): expected a head \"\(name)\", found \(known.joined(separator: ", ")); minimize something else"
    case .noTarget(let name, let known):
      "training: the task tells \(known.joined(separator: ", ")) of an image, expected \"\(name)\"; minimize something else"
    case .unknownValue(let network, let name): "training: the \(network) has no value \"\(name)\""
    case .reservedName(let name):
      "training: \"\(name)\": names that begin with \"\(Objective.prefix)\" are kept for what is minimized; rename the node"
    case .nothingMinimized:
      "objective: every part has the weight 0, so nothing would be learnt; give one more"
    case .focusOfClasses:
      "training.focus: is for detectors, found images of one class each; leave it out"
    case .graph(let error): error.description
    }
  }
}
