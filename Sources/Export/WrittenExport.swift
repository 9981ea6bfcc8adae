/// An artifact whose files are on the disk.
public struct WrittenExport<Output: Artifact>: Sendable {
  /// What was exported.
  public let artifact: Output
  /// Where its files are.
  public let folder: String

  /// Where a file of it is.
  public func path(of file: ExportFile) -> String { "\(folder)/\(file.name)" }
}
