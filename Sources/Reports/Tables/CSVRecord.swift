/// A line of comma-separated values (RFC 4180).
public enum CSVRecord {
  /// The fields, in quotes where they need them, and the end of the line.
  public static func line(_ fields: [String]) -> String {
    fields.map(quoted).joined(separator: ",") + "\r\n"
  }

  /// A field in quotes where it needs them.
  public static func quoted(_ field: String) -> String {
    guard field.contains(where: { ",\"\r\n".contains($0) || $0 == "\r\n" }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}
