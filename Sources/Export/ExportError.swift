/// Why a network is not exported.
public enum ExportError: Error, Sendable, Equatable, CustomStringConvertible {
  case unknownFormat(String, known: [String], suggestion: String?)
  case refused(format: String, [NodeRefusal])
  case unsuitable(format: String, what: String, hint: String)
  case noParent(folder: String, parent: String)
  case occupied(folder: String, by: String)
  case unwritable(folder: String, reason: String)
  case missingTool(format: String, tool: String, hint: String)
  case verification(format: String, reason: String)

  /// *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .unknownFormat(let name, let known, let suggestion):
      "\"\(name)\" is not a format" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
        + " (\(known.joined(separator: ", ")))"
    case .refused(let format, let refusals):
      "\(format) cannot hold \(refusals.count == 1 ? "a node" : "\(refusals.count) nodes") of this network:\n"
        + refusals.map { "  \($0)" }.joined(separator: "\n")
    case .unsuitable(let format, let what, let hint):
      "\(format): \(what); \(hint)"
    case .noParent(let folder, let parent):
      "\(folder): the folder \(parent) does not exist; make it first"
    case .occupied(let folder, let content):
      "\(folder): expected a new or an empty folder, found \(content); remove it, or export to another --out"
    case .unwritable(let folder, let reason):
      "\(folder): cannot be written: \(reason)"
    case .missingTool(let format, let tool, let hint):
      "\(format): \(tool) is missing; \(hint)"
    case .verification(let format, let reason):
      "\(format): what was written could not be run: \(reason)"
    }
  }
}
