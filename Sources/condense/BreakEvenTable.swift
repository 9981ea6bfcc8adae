import Encodings
import Reports
import Settings
import Tensors

/// The densities below which each form of places takes fewer bytes than dense storage, for a model's masked
/// tensors.
struct BreakEvenTable {
  private let tensors: [TensorSize]

  /// Creates the table of a model's tensors; `nil` if none has a mask.
  init?(of tensors: [TensorSize]) {
    self.tensors = tensors.filter { $0.places != nil }
    if self.tensors.isEmpty { return nil }
  }

  /// The lines of the table: a heading, then one row for each tensor.
  func lines(width: Int) -> [String] {
    var table = TextTable(columns: [
      TextTable.Column("masked", shrinksTo: 12), TextTable.Column("bits", isNumber: true),
      TextTable.Column("density", isNumber: true), TextTable.Column("as mask below", isNumber: true),
      TextTable.Column("gaps", isNumber: true), TextTable.Column("CSR", isNumber: true),
      TextTable.Column("any form", isNumber: true),
    ])
    for tensor in tensors {
      let figures = Figures(tensor)
      table.rows.append(
        [tensor.name, "\(tensor.symbolBits)"]
          + [figures.density, figures.mask, figures.gaps, figures.rows, figures.ideal].map(Self.percent))
    }
    return [
      "", "Sparse storage takes fewer bytes than dense below these densities, entropy codes apart:",
    ] + table.lines(width: width)
  }

  private static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
  }

  /// The density and the break-even densities of one tensor as JSON.
  static func node(of tensor: TensorSize) -> SettingsNode {
    let figures = Figures(tensor)
    return SettingsNode(mapping: [
      "density": figures.density.node, "mask": figures.mask.node, "gaps": figures.gaps.node,
      "csr": figures.rows.node, "ideal": figures.ideal.node,
    ])
  }

  private struct Figures {
    let density, mask, gaps, rows, ideal: Double

    init(_ tensor: TensorSize) {
      let count = max(1, tensor.shape.count)
      let columns = max(1, count / max(1, tensor.shape.dimensions.first ?? 1))
      let bits = tensor.symbolBits
      density = Double(tensor.nonZeros) / Double(count)
      mask = BreakEven.density(.mask(bits: 1), valueBits: bits, columns: columns)
      gaps = BreakEven.gaps(valueBits: bits).density
      rows = BreakEven.density(.rows, valueBits: bits, columns: columns)
      ideal = BreakEven.idealDensity(valueBits: bits)
    }
  }
}
