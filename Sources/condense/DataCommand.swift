public import ArgumentParser
public import Datasets
import Foundation

/// The command `condense data`: the group of commands for data sets.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Make, check, count and fetch data sets.",
    discussion: """
      DATA is the name of a manifest in Data/, or the path of a manifest, a folder or an archive (tar, tar.gz, zip) \
      that holds one folder of images a class, with or without train/, val/ and test/ above them; also MNIST's IDX \
      files and CIFAR-10's binary ones. Large sets may be spread over several tars (shards): a folder of them, or a path \
      such as photos-{000..127}.tar.

      A manifest's file is looked for beside the manifest, in the folders of $CONDENSE_DATA, and in the cache \
      ($CONDENSE_CACHE, else $XDG_CACHE_HOME/condense, else ~/.cache/condense), where `fetch` puts it.

      Decoded sets are kept in the cache too, 20 GiB of them at most ($CONDENSE_CACHE_LIMIT, in GiB): those not used \
      for the longest time go first. At most 2 GiB of pixels are held ($CONDENSE_MEMORY_LIMIT, in GiB); images of larger \
      sets are read and decoded whenever they are used.
      """,
    subcommands: [
      DataMakeCommand.self, DataCheckCommand.self, DataStatsCommand.self, DataAnchorsCommand.self,
      DataFetchCommand.self,
    ])
}

extension DatasetOptions {
  /// The default options of commands, with the folders in which this program finds manifests.
  static var forCommands: DatasetOptions {
    var options = DatasetOptions()
    options.dataDirectories = Locations.folders("Data")
    return options
  }
}

extension ValFolder: ExpressibleByArgument {}

/// Runs part of a data command; an error in the data ends it with status 65, a missing installation with 69.
func failing<R>(_ body: () throws(DatasetError) -> R) throws -> R {
  do throws(DatasetError) {
    return try body()
  } catch {
    throw CommandFailure(error.needsInstallation ? .missing : .badInput, error)
  }
}
