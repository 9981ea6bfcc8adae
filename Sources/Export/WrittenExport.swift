/// An artifact whose files are written.
public struct WrittenExport<Output: Artifact>: Sendable {
  /// The exported artifact.
  public let artifact: Output
  /// The folder of its files.
  public let folder: String

  /// The path of a file of the artifact.
  public func path(of file: ExportFile) -> String { "\(folder)/\(file.name)" }
}
