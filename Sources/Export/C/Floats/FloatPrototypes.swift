import Graphs
import Ops
import Tensors

/// The C code for the similarity to prototypes, in floats.
struct FloatPrototypes: CKernel {
  /// The op with its number of prototypes and rate.
  let op: Prototypes
  /// The prototypes `[J, I]`, row by row.
  let prototypes: [Float]

  var title: String { "kernels of \(op.count) prototypes" }
  var multiplyAdds: Int { prototypes.count }
  var placement: OutputPlacement { .apart }

  /// Accepts any order of features: the prototypes are stored in the same order.
  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder) {
    (inputs, .rowMajor)
  }

  func code(_ site: CSite) -> CCode {
    let features = prototypes.count / op.count
    let columns = site.orders[0].elements(features)
    let arranged = (0..<op.count).flatMap { row in columns.map { prototypes[row * features + $0] } }
    let points = CArray(site.name("prototypes"), floats: arranged)
    return CCode(
      arrays: [points], routines: [.prelude, .mathematics],
      body: [
        "const float *x = \(site.inputs[0]), *p = \(points.name);",
        "float *y = \(site.output);",
        "float nearest = 0.0f;",
        "int i, j;",
        "for (i = 0; i < \(op.count); i++) {",
        "  float distance = 0.0f;",
        "  for (j = 0; j < \(features); j++) {",
        "    float difference = x[j] - @@_FLOAT(p);",
        "    p++;",
        "    distance += difference * difference;",
        "  }",
        "  if (i == 0 || distance < nearest) nearest = distance;",
        "  y[i] = distance;",
        "}",
        "for (i = 0; i < \(op.count); i++) y[i] = expf(\(CArray.literal(op.rate)) * (nearest - y[i]));",
      ])
  }
}

extension Prototypes: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatPrototypes(
      op: self, prototypes: frame.values(.prototypes, count: count * frame.inputs[0].count))
  }
}
