import Graphs
import Ops
import Tensors

/// The C code for the sum of scores along a path of a tree, in floats.
struct FloatTreeSum: CKernel {
  /// The op with the depth of the tree.
  let op: TreeSum

  var title: String { "sum over a path of a tree, \(op.depth) decisions" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .apart }

  func code(_ site: CSite) -> CCode {
    CCode(body: [
      "const float *decisions = \(site.inputs[0]), *scores = \(site.inputs[1]);",
      "float *y = \(site.output);",
      "int i, level, node;",
      "for (i = 0; i < \(site.shape.count); i++) {",
      "  float sum = 0.0f;",
      "  node = 0;",
      "  for (level = 0; level <= \(op.depth); level++) {",
      "    sum += scores[node * \(site.shape.count) + i];",
      "    if (level < \(op.depth)) node = 2 * node + (decisions[node] > 0.0f ? 1 : 2);",
      "  }",
      "  y[i] = sum;",
      "}",
    ])
  }
}

extension TreeSum: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel { FloatTreeSum(op: self) }
}
