public import Graphs

/// A problem of a student file; the error adds the file.
public enum StudentFileProblem: FileProblem {
  /// A newer version of Condense wrote the file.
  case version(found: Int, known: Int)
  /// The file ends within a section.
  case cutOff(section: String, expected: Int, found: Int)
  /// The file has bytes after its last section.
  case tooLong(extra: Int)
  /// A checksum does not fit its section.
  case checksum(section: String, expected: UInt32, found: UInt32)
  /// A part of a section is invalid.
  case damaged(section: String, what: String, expected: String, found: String)
  /// The network has too many elements for a file of this size.
  case elements(expected: Int, found: Int)
  /// No encoding that ships has this kind.
  case unknownEncoding(kind: String, suggestion: String?)
  /// A stored tensor is refused.
  case tensor(String, EncodingError)
  /// An encoding acts in training alone.
  case inTraining(tensor: String, encoding: String)

  /// The message: the problem, what was expected, what was found, and a remedy where there is one.
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
  /// The error for a problem of a student file.
  public static func student(file: String, _ problem: StudentFileProblem) -> ModelFileError {
    .format(file: file, FormatProblem(problem))
  }
}
