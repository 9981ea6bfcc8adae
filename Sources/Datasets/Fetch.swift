import Foundation
import Settings
import Tensors

/// A download of a manifest's file with the `curl` program, kept only if its checksum is right.
///
/// An unfinished download lies in `NAME.partial` and is resumed the next time. The file gets its name only
/// once it is complete and verified.
public struct Fetch: Sendable {
  /// The manifest of the data.
  public let manifest: DataManifest
  /// The URL or file path to use instead of the manifest's address; `nil` for the manifest's.
  public let from: String?
  /// The folder that receives the file.
  public let folder: String
  /// True if curl shows its progress on standard error.
  public let showsProgress: Bool

  /// Makes a fetch of a manifest's file into a folder.
  public init(_ manifest: DataManifest, from: String?, to folder: String, showsProgress: Bool) {
    self.manifest = manifest
    self.from = from
    self.folder = folder
    self.showsProgress = showsProgress
  }

  /// The path that the file gets.
  public var target: String { folder + "/" + manifest.path }

  /// Fetches the file, unless it is there already with the right checksum.
  ///
  /// Returns true if something was fetched. Throws if curl is missing or fails, or if the checksum is wrong.
  @discardableResult
  public func run() throws(DatasetError) -> Bool {
    guard !FileManager.default.fileExists(atPath: target + "/.") else {
      throw .unwritable(path: target, reason: "it is a folder; move it away, or fetch to another with --to")
    }
    if let checksum = manifest.sha256?.lowercased(), FileManager.default.fileExists(atPath: target),
      try CacheFiles.address(ofFile: target) == checksum
    {
      return false
    }
    let url = try address()
    let curl = try Self.program("curl")
    do {
      try FileManager.default.createDirectory(
        at: URL(filePath: target).deletingLastPathComponent(), withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: folder, reason: FileFailure.reason(error, path: folder))
    }
    if resumed(url, with: curl) { return try keep() }
    try download(url, with: curl, resuming: false)
    do throws(DatasetError) {
      try verify()
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw error
    }
    return try keep()
  }

  private var partial: String { target + ".partial" }

  private func address() throws(DatasetError) -> String {
    guard let address = from ?? manifest.url else {
      throw .downloadFailed(
        url: manifest.name,
        reason: "its manifest names no address; it comes from \(manifest.origin). "
          + "Give the address or the file with --from")
    }
    if address.contains("://") { return address }
    guard FileManager.default.fileExists(atPath: address) else {
      throw .downloadFailed(url: address, reason: "no such file, and not a URL")
    }
    return URL(filePath: address).absoluteURL.absoluteString
  }

  /// Returns true if an earlier download could be completed and is sound; else the file is fetched anew.
  private func resumed(_ url: String, with curl: String) -> Bool {
    guard manifest.sha256 != nil, FileManager.default.fileExists(atPath: partial) else { return false }
    do {
      try download(url, with: curl, resuming: true)
      try verify()
      return true
    } catch {
      return false
    }
  }

  private func download(_ url: String, with curl: String, resuming: Bool) throws(DatasetError) {
    if !resuming { try? FileManager.default.removeItem(atPath: partial) }
    let process = Process()
    process.executableURL = URL(filePath: curl)
    process.arguments =
      ["--fail", "--location", "--retry", "3", "--output", partial]
      + (showsProgress ? ["--progress-bar"] : ["--silent", "--show-error"])
      + (resuming ? ["--continue-at", "-"] : []) + ["--url", url]
    let errors = Pipe()
    if !showsProgress { process.standardError = errors }
    process.standardInput = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      throw .toolMissing(tool: "curl", purpose: "fetching data")
    }
    let text = showsProgress ? Data() : errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0, process.terminationReason == .exit else {
      let said = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      throw .downloadFailed(
        url: url,
        reason: said.isEmpty ? "curl ended with status \(process.terminationStatus)" : said)
    }
  }

  private func verify() throws(DatasetError) {
    guard let checksum = manifest.sha256?.lowercased() else { return }
    let found = try CacheFiles.address(ofFile: partial)
    guard found == checksum else {
      throw .wrongChecksum(path: target, expected: checksum, found: found)
    }
  }

  private func keep() throws(DatasetError) -> Bool {
    do throws(SystemError) {
      try WholeFile.move(partial, to: target)
      return true
    } catch {
      throw .unwritable(path: target, reason: "\(error)")
    }
  }

  /// Returns a program's path from `$PATH`; throws if it is not installed.
  static func program(_ name: String) throws(DatasetError) -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
      return "\(folder)/\(name)"
    }
    throw .toolMissing(tool: name, purpose: "fetching data")
  }
}
