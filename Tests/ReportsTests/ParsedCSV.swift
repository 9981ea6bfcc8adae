/// A reader of RFC 4180, written independently of the writer: the fields of each line.
struct ParsedCSV {
  var lines: [[String]] = []

  init(_ text: String) {
    var field = ""
    var line: [String] = []
    var isQuoted = false
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\"" where isQuoted && rest.first == "\"":
        rest.removeFirst()
        field.unicodeScalars.append("\"")
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        line.append(field)
        field = ""
      case "\r" where !isQuoted && rest.first == "\n":
        rest.removeFirst()
        lines.append(line + [field])
        (line, field) = ([], "")
      default: field.unicodeScalars.append(scalar)
      }
    }
  }
}
