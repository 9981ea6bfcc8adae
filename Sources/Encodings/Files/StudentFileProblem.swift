public import Graphs

/// What is wrong with a student file; the error adds the file.
public enum StudentFileProblem: FileProblem {
  case version(found: Int, known: Int)
  case cutOff(section: String, expected: Int, found: Int)
  case tooLong(extra: Int)
  case checksum(section: String, expected: UInt32, found: UInt32)
  case damaged(section: String, what: String, expected: String, found: String)
  case elements(expected: Int, found: Int)
  case unknownEncoding(kind: String, suggestion: String?)
  case tensor(String, EncodingError)
  case inTraining(tensor: String, encoding: String)

  /// What, expected, found; what to do.
  public var description: String {
    switch self {
    case .version(let found, let known):
      "student file version \(found), expected 1 to \(known); a newer condense wrote it"
    case .cutOff(let section, let expected, let found):
      "cut off: \(section): expected \(expected) bytes, found \(found)"
    case .tooLong(let extra):
      "too long: expected the end of the file, found \(extra) more bytes"
    case .checksum(let section, let expected, let found):
      "damaged: \(section): expected the checksum \(String(expected, radix: 16)), found "
        + "\(String(found, radix: 16)); copy or make the file again"
    case .damaged(let section, let what, let expected, let found):
      "damaged: \(section): \(what): expected \(expected), found \(found)"
    case .elements(let expected, let found):
      "the network has \(found) stored elements, expected at most \(expected) in a file of this size"
    case .unknownEncoding(let kind, let suggestion):
      "\"\(kind)\" is not an encoding" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
    case .tensor(let name, let error):
      "tensor \"\(name)\": \(error)"
    case .inTraining(let name, let encoding):
      "tensor \"\(name)\" is \(encoding), which acts in training alone: expected a network whose stages are done"
    }
  }
}

extension ModelFileError {
  /// A student file that is refused.
  public static func student(file: String, _ problem: StudentFileProblem) -> ModelFileError {
    .format(file: file, FormatProblem(problem))
  }
}
