import Graphs
import Ops
import Tensors

/// The sum of several values.
struct FloatSum: CElementwise {
  /// The number of values.
  let count: Int

  var title: String { "sum of \(count)" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .inPlace }

  func code(_ site: CSite) -> CCode {
    CCode(
      body: site.inputs.enumerated().map { "const float *x\($0) = \($1);" } + [
        "float *y = \(site.output);",
        "int i;",
        "for (i = 0; i < \(site.shape.count); i++) y[i] = "
          + site.inputs.indices.map { "x\($0)[i]" }.joined(separator: " + ") + ";",
      ])
  }
}

extension Add: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel { FloatSum(count: frame.inputs.count) }
}
