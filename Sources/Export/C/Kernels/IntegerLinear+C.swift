import Execution
import Graphs
import Tensors

extension IntegerLinear: CWeighted {
  /// The number of weights that are unpacked at a time.
  private static let chunk = 64

  var title: String { "linear" }

  /// Accepts any order of inputs: the weights are stored in the same order.
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
      // If there is memory for a row, elements of sub-vectors need not be adjacent.
      let least = leastChunk(vectors.width)
      return least...max(least, inputs)
    }
  }

  /// The number of weights that are looked up at a time without memory for a row.
  ///
  /// It covers whole sub-vectors and, for weights stored as numbers, whole bytes.
  private func leastChunk(_ width: Int) -> Int {
    min((inputs + 7) / 8 * 8, max(Self.chunk / (8 * width), 1) * 8 * width)
  }

  /// The format of the weights for an order of the inputs.
  ///
  /// Sub-vectors with elements apart need working memory for a whole row.
  private func form(_ order: [Int], _ storage: CStorage, room: Int) -> CWeights.Form {
    let form = CWeights.form(of: products, order: rows, rowCount: inputs, storage)
    guard case .vectors = form, case .vectors(let vectors) = products.weights.storage else { return form }
    guard let ordered = CSubVectors(vectors, order: order, rowCount: inputs),
      ordered.isContiguous || room >= inputs
    else { return CWeights.whole(bits: vectors.bits) }
    return .vectors(ordered)
  }

  func code(_ site: CSite, _ storage: CStorage) -> CCode {
    let columns = site.orders[0].elements(inputs)
    let order = (0..<outputs).flatMap { row in columns.map { row * inputs + $0 } }
    let form = form(order, storage, room: site.scratch.count)
    let weights = CWeights(products.weights, form: form, order: order, rowCount: inputs, site: site)
    let constants = products.constants(site, weights: weights.pointer, offset: weights.form.offset)
    var code = CCode(arrays: weights.arrays + constants.arrays)
    code.ratios = products.rescales
    code.bounds = [products.bounds]
    code.sumsAreShort = products.sumsFitIn24Bits(weights.form.offset)
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
      let table = weights.side[0].name
      let isWhole = site.scratch.count >= inputs
      code.body += packed(
        weights, chunk: isWhole ? inputs : leastChunk(vectors.width), site,
        call: isWhole
          ? vectors.call(to: "some", from: "row", table: table)
          : vectors.partCall(to: "some", row: "row", table: table))
    } else if let unpacking = weights.unpacking(to: "some", from: "row + i / 8 * BITS", count: "count") {
      code.routines = [unpacking.routine, .products, .dotInMemory]
      let unpacked = packed(weights, chunk: chunk(site), site, call: unpacking.call)
      switch weights.form {
      case .levels(let magnitudes):
        let summing = CRoutine.levels(magnitudes)
        code.routines.append(summing)
        code.body += alternative(
          "defined(__AVR__)",
          "@_\(summing.name)(&layer, \(weights.array.name), 0, \(outputs), \(site.output), \(site.inputs[0]), \(inputs));",
          unpacked)
      case .packed(bits: 4):
        code.routines.append(.denseOfNibbles)
        code.body += alternative(
          "defined(@@_DSP)",
          "@_dense_nibbles(&layer, \(weights.array.name), \(outputs), \(site.output), \(site.inputs[0]), \(inputs));",
          unpacked)
      default: code.body += unpacked
      }
    }
    return code
  }

  /// A call under a preprocessor condition on the processor, with general code otherwise.
  private func alternative(_ condition: String, _ call: String, _ general: [String]) -> [String] {
    ["#if \(condition)", call, "#else", "{"] + general.map { "  " + $0 } + ["}", "#endif"]
  }

  /// The number of weights that are unpacked at a time: a multiple of 8, or the whole row.
  private func chunk(_ site: CSite) -> Int {
    site.scratch.count >= inputs ? site.scratch.count : site.scratch.count / 8 * 8
  }

  private func packed(_ weights: CWeights, chunk: Int, _ site: CSite, call: String) -> [String] {
    let bits = weights.form.bits
    let isCoded = weights.form == .coded
    return weights.preparation + (isCoded ? [] : ["const uint8_t *row = \(weights.array.name);"]) + [
      "const int8_t *x = \(site.inputs[0]);",
      "int8_t *y = \(site.output), *some = \(site.scratch.pointer);",
      "int output, i;",
      "for (output = 0; output < \(outputs); output++) {",
      "  int32_t sum = @@_WORD(layer.bias + output);",
      "  for (i = 0; i < \(inputs); i += \(chunk)) {",
      "    int count = \(inputs) - i < \(chunk) ? \(inputs) - i : \(chunk);",
      "    " + call.replacing("BITS", with: "\(bits)"),
      "    sum = @_dot_memory(x + i, some, count, sum);",
      "  }",
      "  y[output] = @_output(&layer, output, sum);",
    ] + (isCoded ? [] : ["  row += \(weights.rowBytes);"]) + ["}"]
  }
}
