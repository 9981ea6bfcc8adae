import Encodings
import Reports
import Settings
import Tensors

/// Below which density each form of places takes fewer bytes than dense storage, for the tensors of a model behind masks.
struct BreakEvenTable {
  private let tensors: [TensorSize]

  /// The table of a model's tensors; `nil` where none has a mask.
  init?(of tensors: [TensorSize]) {
    self.tensors = tensors.filter { $0.places != nil }
    if self.tensors.isEmpty { return nil }
  }

  /// A line of what is told, and a row a tensor.
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

  /// By tensor, the density and the break-even densities as JSON.
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
