import ArgumentParser
import Export

/// The option `--normalize`: the conversion of pixels for a network whose file does not describe it.
struct NormalizationOption: ParsableArguments {
  @Option(
    help: """
      How pixels become the input, in place of what the model's file says: mean=0.485,0.456,0.406,std=0.229,0.224,0.225 \
      (a number a channel, of pixels 0…1, or of 0…255 if any is above 1; range=1 or range=255 says which).
      """)
  var normalize: String?

  /// The options with which models are read.
  func importOptions() throws -> ImportOptions {
    ImportOptions(
      normalization: try normalize.map { text in try failing(.usage) { try InputNormalization(text) } })
  }
}

extension ImportedModel {
  /// Reports the changes that the reader made to the network.
  func tellNotes(of name: String) {
    for note in notes { Console.note("\(name): \(note)") }
  }
}
