import Graphs
import Tensors

/// Converts between row-major order and channels last.
struct CTranspose: CKernel {
  /// The order of the input.
  let from: COrder
  /// The order of the output.
  let to: COrder
  /// The type of elements.
  let element: CArray.Element

  var title: String { "reordering" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .apart }

  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder) {
    ([from], to)
  }

  func code(_ site: CSite) -> CCode {
    let extents =
      switch (from, to) {
      case (.channelsLast(let channels, let pixels), _): (pixels, channels)
      case (_, .channelsLast(let channels, let pixels)): (channels, pixels)
      case (.rowMajor, .rowMajor): (1, site.shape.count)
      }
    return CCode(body: [
      "const @_number *x = \(site.inputs[0]);",
      "@_number *y = \(site.output);",
      "int i, j;",
      "for (i = 0; i < \(extents.1); i++)",
      "  for (j = 0; j < \(extents.0); j++) *y++ = x[j * \(extents.1) + i];",
    ])
  }
}
