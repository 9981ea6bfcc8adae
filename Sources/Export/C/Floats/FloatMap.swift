import Graphs
import Ops
import Tensors

/// An activation of floats, written as a C expression of `v`.
struct FloatMap: CElementwise {
  let title: String
  /// The C expression of the output for the input `v`.
  let expression: String
  /// True if the expression calls C's mathematical library.
  var usesMathematics = false

  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .inPlace }

  func code(_ site: CSite) -> CCode {
    CCode(
      routines: usesMathematics ? [.mathematics] : [],
      body: [
        "const float *x = \(site.inputs[0]);",
        "float *y = \(site.output);",
        "int i;",
        "for (i = 0; i < \(site.shape.count); i++) {",
        "  float v = x[i];",
        "  y[i] = \(expression);",
        "}",
      ])
  }
}

extension ReLU: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatMap(title: kind, expression: "v > 0.0f ? v : 0.0f")
  }
}

extension ReLU6: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatMap(title: kind, expression: "v > 0.0f ? (v < 6.0f ? v : 6.0f) : 0.0f")
  }
}

extension LeakyReLU: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatMap(title: kind, expression: "v > 0.0f ? v : \(CArray.literal(slope)) * v")
  }
}

extension HardSigmoid: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    let line = "\(CArray.literal(slope)) * v + \(CArray.literal(offset))"
    return FloatMap(
      title: kind, expression: "\(line) > 0.0f ? (\(line) < 1.0f ? \(line) : 1.0f) : 0.0f")
  }
}

extension Clamp: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    let (low, high) = (CArray.literal(-below), CArray.literal(above))
    return FloatMap(title: kind, expression: "v > \(low) ? (v < \(high) ? v : \(high)) : \(low)")
  }
}

extension ELU: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatMap(
      title: kind,
      expression: "v > 0.0f ? \(CArray.literal(scale)) * v : \(CArray.literal(scale * alpha)) * expm1f(v)",
      usesMathematics: true)
  }
}

extension GELU: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    let inner =
      form == .exact
      ? "erff(0.70710678f * v)" : "tanhf(0.79788456f * (v + 0.044715f * v * v * v))"
    return FloatMap(title: kind, expression: "0.5f * v * (1.0f + \(inner))", usesMathematics: true)
  }
}

extension HardSwish: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatMap(title: kind, expression: "v > -3.0f ? (v < 3.0f ? v * (v + 3.0f) / 6.0f : v) : 0.0f")
  }
}

extension Sigmoid: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatMap(title: kind, expression: "1.0f / (1.0f + expf(-v))", usesMathematics: true)
  }
}

extension Tanh: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatMap(title: kind, expression: "tanhf(v)", usesMathematics: true)
  }
}
