import ArgumentParser
import Datasets
import Foundation

/// The command `condense data make`: draws a built-in data set.
struct DataMakeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make",
    abstract: "Draw a built-in data set: glyphs to classify, or scenes of them to detect.",
    discussion: """
      glyphs: ten kinds of symbols, grey, 28x28, as PNG files, a folder a class.
      scenes: one to four of them with boxes on clutter, grey, 64x64, in the folders of PASCAL VOC. \
      Equal seeds give equal files. A fifth of the images is for testing.
      """)

  @Argument(help: "What to make: glyphs or scenes.")
  var name: String

  @Option(help: "The folder to make; it must not be there yet.")
  var out: String

  @Option(help: "The seed of every draw.")
  var seed: UInt64 = 0

  @Option(help: "How many images. (default: 10000 glyphs, 2000 scenes)")
  var count: Int?

  @Option(
    help:
      "How hard glyphs are: 0, where networks of any size do well, to 1, where small ones do not. (default: 1)"
  )
  var difficulty: Double?

  func validate() throws {
    guard [GlyphMaker.name, SceneMaker.name].contains(name) else {
      throw ValidationError(
        "\"\(name)\" cannot be made; there are: \(GlyphMaker.name), \(SceneMaker.name)")
    }
    if let count, !GlyphMaker.counts.contains(count) {
      throw ValidationError("--count must be in 50...1000000, found \(count)")
    }
    guard let difficulty else { return }
    guard name == GlyphMaker.name else {
      throw ValidationError("--difficulty is for \(GlyphMaker.name)")
    }
    guard GlyphMaker.levels.contains(difficulty) else {
      throw ValidationError("--difficulty must be in 0...1, found \(difficulty)")
    }
  }

  func run() throws {
    let threads = max(1, ProcessInfo.processInfo.activeProcessorCount)
    guard name == GlyphMaker.name else {
      let maker = SceneMaker(seed: seed, count: count ?? 2_000)
      try failing { () throws(DatasetError) in try maker.write(to: out, threads: threads) }
      Console.note("\(out): \(maker.count) scenes of \(SceneMaker.classes.count) classes, seed \(seed)")
      return
    }
    let maker = GlyphMaker(seed: seed, count: count ?? 10_000, difficulty: difficulty ?? 1)
    try failing { () throws(DatasetError) in try maker.write(to: out, threads: threads) }
    Console.note(
      "\(out): \(maker.count) images of \(GlyphMaker.classes.count) classes, seed \(seed), difficulty \(maker.level)"
    )
  }
}
