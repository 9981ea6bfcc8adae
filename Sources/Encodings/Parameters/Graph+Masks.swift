public import Graphs

extension Graph {
  /// The same network with masked weights stored whole, in the encodings of their survivors.
  ///
  /// `nil` if no mask leaves an element out.
  public var withoutMasks: Graph? {
    var graph = self
    var isMasked = false
    for (name, parameter) in parameters {
      guard let sparse = parameter.encoding as? Sparse else { continue }
      if sparse.mask.survivorCount < sparse.mask.count { isMasked = true }
      graph.parameters[name] = Parameter(parameter.projected, encoding: sparse.inner)
    }
    return isMasked ? graph : nil
  }
}
