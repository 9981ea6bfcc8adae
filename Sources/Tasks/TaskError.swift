public import Graphs

/// Why a task and a network, or a data set, do not go together.
public enum TaskError: Error, Sendable, CustomStringConvertible {
  case noTask(data: String)
  /// A network without the outputs that a task needs; `data` says of which data it is, and `network` what answers it.
  case head(network: String, expected: String, found: String, data: String, answer: String)
  case noHead(network: String, name: String, known: [String])
  case noTarget(name: String, known: [String])
  case unknownValue(network: String, String)
  case reservedName(String)
  case nothingMinimized
  case focusOfClasses
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
