/// The reason why a network is not exported.
public enum ExportError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A format that does not exist, with the nearest known name.
  case unknownFormat(String, known: [String], suggestion: String?)
  /// Nodes that the format or its exporter cannot write.
  case refused(format: String, [NodeRefusal])
  /// A network that does not suit the format, with a hint.
  case unsuitable(format: String, what: String, hint: String)
  /// An output folder whose parent folder is missing.
  case noParent(folder: String, parent: String)
  /// An output folder that is not empty, or cannot be made.
  case occupied(folder: String, by: String)
  /// An output folder that cannot be written.
  case unwritable(folder: String, reason: String)
  /// A tool that verification needs and that is missing.
  case missingTool(format: String, tool: String, hint: String)
  /// A verification that could not be run.
  case verification(format: String, reason: String)

  /// The message: *where: what, expected, found; what to do*.
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
