import ArgumentParser
import Datasets
import Foundation
import Settings

/// The command `condense data fetch`: downloads the file of a manifest and verifies it.
struct DataFetchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Download the file that a manifest describes, and verify its checksum.",
    discussion: """
      Uses the curl program. What has arrived lies in FILE.partial and is gone on with next time; FILE appears only \
      when it is complete and its checksum is right. Without --to it goes to where manifests look for it.
      """)

  @Argument(help: "A manifest's name in Data/, or its path.")
  var name: String

  @Option(help: "Another address: a URL (file:// too) or a file's path.")
  var from: String?

  @Option(help: "The folder to put it into.")
  var to: String?

  func run() throws {
    let options = DatasetOptions.forCommands
    let manifest = try failing { () throws(DatasetError) -> DataManifest in try self.manifest(options) }
    guard let folder = to ?? options.sourceDirectories.last else {
      throw CommandFailure(.usage, "no folder is known to keep data in: give one with --to")
    }
    let fetch = Fetch(manifest, from: from, to: folder, showsProgress: Console.isTerminal)
    let isNew = try failing { () throws(DatasetError) in try fetch.run() }
    let checked = manifest.sha256 == nil ? "the manifest has no checksum" : "checksum right"
    Console.note("\(fetch.target): \(isNew ? "fetched" : "there already"), \(checked)")
  }

  private func manifest(_ options: DatasetOptions) throws(DatasetError) -> DataManifest {
    if let manifest = try DataManifest.find(name, in: options.dataDirectories) { return manifest }
    if NamedFiles.isYAML(name) { return try DataManifest(contentsOf: name) }
    let known = NamedFiles(in: options.dataDirectories).names
    throw .unknownManifest(name: name, suggestion: Spelling.nearest(to: name, among: known), known: known)
  }
}
