import Execution
import Graphs
import Tensors

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
