/// An export that is on the disk.
public struct WrittenExport: Sendable, Equatable {
  /// A file of it.
  public struct File: Sendable, Equatable {
    /// The name in the folder.
    public let name: String
    /// What it is, in a few words.
    public let summary: String
    /// The bytes that it has.
    public let byteCount: Int
  }

  /// Where the files are.
  public let folder: String
  /// The files in the exporter's order.
  public let files: [File]

  /// The path of the first file of an ending, such as `.onnx`.
  public func path(ending: String) -> String? {
    files.first { $0.name.hasSuffix(ending) }.map { "\(folder)/\($0.name)" }
  }
}
