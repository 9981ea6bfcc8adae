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
