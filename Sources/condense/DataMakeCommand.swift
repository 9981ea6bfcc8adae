import ArgumentParser
import Datasets
import Foundation

/// `condense data make`: draws the built-in data set.
struct DataMakeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make",
    abstract: "Draws the built-in data set: ten kinds of symbols, grey, 28x28, as PNG files.",
    discussion: "Equal seeds give equal files. A fifth of each class is for testing.")

  @Argument(help: "What to make: glyphs.")
  var name: String

  @Option(help: "The folder to make; it must not be there yet.")
  var out: String

  @Option(help: "The seed of every draw.")
  var seed: UInt64 = 0

  @Option(help: "How many images.")
  var count = 10_000

  @Option(help: "How hard they are: 0, where networks of any size do well, to 1, where small ones do not.")
  var difficulty = 1.0

  func validate() throws {
    guard name == GlyphMaker.name else {
      throw ValidationError("\"\(name)\" cannot be made; there is: \(GlyphMaker.name)")
    }
    guard GlyphMaker.counts.contains(count) else {
      throw ValidationError("--count must be in 50...1000000, found \(count)")
    }
    guard GlyphMaker.levels.contains(difficulty) else {
      throw ValidationError("--difficulty must be in 0...1, found \(difficulty)")
    }
  }

  func run() throws {
    let maker = GlyphMaker(seed: seed, count: count, difficulty: difficulty)
    let threads = max(1, ProcessInfo.processInfo.activeProcessorCount)
    try failing { () throws(DatasetError) in try maker.write(to: out, threads: threads) }
    Console.note(
      "\(out): \(count) images of \(GlyphMaker.classes.count) classes, seed \(seed), difficulty \(difficulty)"
    )
  }
}
