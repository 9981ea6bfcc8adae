import Execution
import Graphs
import Tensors

extension IntegerLinear: CWeighted {
  /// Weights that are unpacked at a time.
  private static let chunk = 64

  var title: String { "linear" }

  /// Any order will do: the weights are put in the same.
  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder) {
    (inputs, .rowMajor)
  }

  private var rows: [Int] { Array(0..<outputs * inputs) }

  func scratch(_ storage: CStorage) -> ClosedRange<Int> {
    switch CWeights.form(of: products, order: rows, rowCount: inputs, storage) {
    case .bytes, .survivors, .signs: return 0...0
    case .bits: return (inputs + 7) / 8...(inputs + 7) / 8
    case .packed, .indexed, .levels, .coded:
      let count = min((inputs + 7) / 8 * 8, Self.chunk)
      return count...count
    case .vectors(let vectors):
      // Whole sub-vectors, and whole bytes where they must be written out.
      let whole = 8 * vectors.width
      let count = min((inputs + 7) / 8 * 8, max(Self.chunk / whole, 1) * whole)
      return count...count
    }
  }

  /// How the weights are kept when inputs lie in an order: sub-vectors are looked up in parts of a row, whose elements must lie
  /// side by side.
  private func form(_ order: [Int], _ storage: CStorage) -> CWeights.Form {
    let form = CWeights.form(of: products, order: rows, rowCount: inputs, storage)
    guard case .vectors = form, case .vectors(let vectors) = products.weights.storage else { return form }
    let ordered = CSubVectors(vectors, order: order, rowCount: inputs)
    return ordered?.isContiguous == true ? form : CWeights.whole(bits: vectors.bits)
  }

  func code(_ site: CSite, _ storage: CStorage) -> CCode {
    let columns = site.orders[0].elements(inputs)
    let order = (0..<outputs).flatMap { row in columns.map { row * inputs + $0 } }
    let form = form(order, storage)
    let weights = CWeights(products.weights, form: form, order: order, rowCount: inputs, site: site)
    let constants = products.constants(site, weights: weights.pointer, offset: weights.form.offset)
    var code = CCode(arrays: weights.arrays + constants.arrays)
    code.ratios = products.rescales
    code.bounds = [products.bounds]
    code.body = [
      "@@_SETTINGS(@_products, layer) = \(constants.initializer); @@_READ_SETTINGS(@_products, layer);"
    ]
    if weights.form == .bytes {
      code.routines = [.dense]
      code.body.append(
        "@_dense(&layer, layer.weights, 0, \(outputs), \(site.output), \(site.inputs[0]), 1, \(inputs), 0);")
    } else if weights.form == .survivors {
      code.routines = [.sparse]
      code.body.append(
        "@_sparse(&layer, \(site.name("counts")), layer.weights, 0, \(outputs), \(site.output), \(site.inputs[0]));"
      )
    } else if weights.form == .signs {
      code.routines = [.signs]
      code.body.append(
        "@_signs(&layer, \(weights.array.name), 0, \(outputs), \(site.output), \(site.inputs[0]), \(inputs));"
      )
    } else if weights.form == .bits {
      code.routines = [.bits]
      code.body.append(
        "@_bits(&layer, \(weights.array.name), 0, \(outputs), \(site.output), \(site.inputs[0]), \(inputs), "
          + "(uint8_t *)\(site.scratch.pointer), \(products.inputBounds.lowerBound));")
    } else if case .vectors(let vectors) = weights.form {
      code.routines = [.vectors, .products, .dotInMemory]
      code.body += packed(
        weights, site, call: vectors.partCall(to: "some", row: "row", table: weights.side[0].name))
    } else if let unpacking = weights.unpacking(to: "some", from: "row + i / 8 * BITS", count: "count") {
      code.routines = [unpacking.routine, .products, .dotInMemory]
      let unpacked = packed(weights, site, call: unpacking.call)
      guard case .levels(let magnitudes) = weights.form else {
        code.body += unpacked
        return code
      }
      let summing = CRoutine.levels(magnitudes)
      code.routines.append(summing)
      code.body += ["#if defined(__AVR__)"]
      code.body.append(
        "@_\(summing.name)(&layer, \(weights.array.name), 0, \(outputs), \(site.output), \(site.inputs[0]), \(inputs));"
      )
      code.body += ["#else", "{"] + unpacked.map { "  " + $0 } + ["}", "#endif"]
    }
    return code
  }

  private func packed(_ weights: CWeights, _ site: CSite, call: String) -> [String] {
    let bits = weights.form.bits
    let isCoded = weights.form == .coded
    return weights.preparation + (isCoded ? [] : ["const uint8_t *row = \(weights.array.name);"]) + [
      "const int8_t *x = \(site.inputs[0]);",
      "int8_t *y = \(site.output), *some = \(site.scratch.pointer);",
      "int output, i;",
      "for (output = 0; output < \(outputs); output++) {",
      "  int32_t sum = @@_WORD(layer.bias + output);",
      "  for (i = 0; i < \(inputs); i += \(site.scratch.count)) {",
      "    int count = \(inputs) - i < \(site.scratch.count) ? \(inputs) - i : \(site.scratch.count);",
      "    " + call.replacing("BITS", with: "\(bits)"),
      "    sum = @_dot_memory(x + i, some, count, sum);",
      "  }",
      "  y[output] = @_output(&layer, output, sum);",
    ] + (isCoded ? [] : ["  row += \(weights.rowBytes);"]) + ["}"]
  }
}
