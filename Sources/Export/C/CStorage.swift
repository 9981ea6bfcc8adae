/// How exported C keeps weights of integers in flash.
struct CStorage: Sendable, Equatable {
  /// Where only weights that are not zero are kept.
  var sparse = CSparse.auto
  /// Whether weights are Huffman-coded where that takes fewer bytes.
  var huffman = false

  /// The form for kernels that have none for survivors.
  var withoutSurvivors: CStorage { CStorage(sparse: .never, huffman: huffman) }
}
