/// The storage of integer weights in flash.
struct CStorage: Sendable, Equatable {
  /// The layers of which only non-zero weights are stored.
  var sparse = CSparse.auto
  /// True if weights are Huffman-coded where that takes fewer bytes.
  var huffman = false

  /// The storage for kernels that need all weights.
  var withoutSurvivors: CStorage { CStorage(sparse: .never, huffman: huffman) }
}
