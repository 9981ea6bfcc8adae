public import Graphs

extension EncodingCatalogue {
  /// Every encoding that a file may name.
  public static let standard = EncodingCatalogue(
    parameters: [Dense.self, Sparse.self, Integer.self, Codebook.self], values: [IntegerValue.self])
}
