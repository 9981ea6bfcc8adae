import Execution
import Graphs
import Tensors

extension IntegerAdd: CElementwise {
  var title: String { "sum of \(terms.count)" }

  func code(_ site: CSite) -> CCode {
    let constant = terms.reduce(shift > 0 ? Int64(1) << Int64(shift - 1) : 0) {
      $0 - Int64($1.multiplier) * Int64($1.zero)
    }
    let products = terms.enumerated().map { "(int32_t)\($1.multiplier) * x\($0)[i]" }
    return CCode(
      routines: [.prelude, .clamp],
      body: site.inputs.enumerated().map { "const int8_t *x\($0) = \($1);" } + [
        "int8_t *y = \(site.output);",
        "int i;",
        "for (i = 0; i < \(site.shape.count); i++) {",
        "  int32_t sum = \((["(int32_t)\(constant)"] + products).joined(separator: " + "));",
        "  y[i] = @_clamp((sum >> \(shift)) + \(outputZero), \(bounds.lowerBound), \(bounds.upperBound));",
        "}",
      ],
      bounds: [bounds])
  }
}

extension IntegerMultiply: CKernel {
  var title: String { "product" }

  /// Accepts any order for operands of equal shape, as long as both have the same order.
  func orders(
    _ inputs: [COrder], shapes: [Shape], output: Shape
  ) -> (inputs: [COrder], output: COrder) {
    guard factor.count == input.count, inputs[0] == inputs[1] else {
      return (shapes.map(COrder.init), COrder(output))
    }
    return (inputs, inputs[0])
  }

  func code(_ site: CSite) -> CCode {
    let pixels = input.count / input[0]
    let place =
      factor.count == input.count ? "i * \(input[0]) + j" : factor[0] == input[0] ? "j" : "i"
    let bound = "\(bounds.lowerBound), \(bounds.upperBound)"
    return CCode(
      routines: [.prelude, .clamp, .rescale],
      body: [
        "const int8_t *x = \(site.inputs[0]), *factor = \(site.inputs[1]);",
        "int8_t *y = \(site.output);",
        "int i, j;",
        "for (i = 0; i < \(pixels); i++)",
        "  for (j = 0; j < \(input[0]); j++) {",
        "    int32_t product = (int32_t)(*x++ - (\(inputZero))) * (factor[\(place)] - (\(factorZero)));",
        "    product = @_rescale(product, \(rescale.multiplier), \(rescale.shift));",
        "    *y++ = @_clamp(product + \(outputZero), \(bound));",
        "  }",
      ],
      bounds: [bounds], ratios: [rescale])
  }
}

extension IntegerConcat: CKernel {
  var title: String { "concatenation of \(parts.count)" }

  func code(_ site: CSite) -> CCode {
    let pixels = site.shape.dimensions.dropFirst().reduce(1, *)
    let channels = site.shape.count / pixels
    var code = CCode(
      routines: [.prelude],
      body: ["int8_t *y = \(site.output);", "const int8_t *x;", "int i, j;"],
      bounds: [bounds], ratios: parts.compactMap(\.rescale))
    var first = 0
    for (part, input) in zip(parts, site.inputs) {
      let count = part.count / pixels
      code.body += [
        "x = \(input);",
        "for (i = 0; i < \(pixels); i++)",
        "  for (j = 0; j < \(count); j++) {",
        "    y[i * \(channels) + \(first) + j] = \(element(part));",
        "    x++;",
        "    @@_SHORT_LOOP();",
        "  }",
      ]
      first += count
    }
    if parts.contains(where: { $0.rescale != nil }) { code.routines += [.clamp, .rescale] }
    return code
  }

  private func element(_ part: Part) -> String {
    guard let rescale = part.rescale else { return "*x" }
    return
      "@_clamp(@_rescale((int32_t)*x - \(part.zero), \(rescale.multiplier), \(rescale.shift)) + \(outputZero), "
      + "\(bounds.lowerBound), \(bounds.upperBound))"
  }
}

extension IntegerTreeSum: CKernel {
  var title: String { "sum over a path of a tree, \(depth) decisions" }

  func code(_ site: CSite) -> CCode {
    CCode(
      routines: [.prelude, .clamp, .rescale],
      body: [
        "const int8_t *decisions = \(site.inputs[0]), *scores = \(site.inputs[1]);",
        "int8_t *y = \(site.output);",
        "int i, level, node;",
        "for (i = 0; i < \(classes); i++) {",
        "  int32_t sum = 0;",
        "  node = 0;",
        "  for (level = 0; level <= \(depth); level++) {",
        "    sum += scores[node * \(classes) + i] - (\(scoreZero));",
        "    if (level < \(depth)) node = 2 * node + (decisions[node] > \(decisionZero) ? 1 : 2);",
        "  }",
        "  sum = @_rescale(sum, \(rescale.multiplier), \(rescale.shift));",
        "  y[i] = @_clamp(sum + \(outputZero), \(bounds.lowerBound), \(bounds.upperBound));",
        "}",
      ],
      bounds: [bounds], ratios: [rescale])
  }
}
