import Execution
import Ops
import Tensors

/// A kernel that the folded engine runs.
protocol FoldedKernel: IntegerKernel {
  /// The number of lanes that it can keep busy.
  var lanes: Int { get }
  /// The weights that lanes multiply by.
  var laneWeights: [Int8] { get }
  /// The reason why the engine cannot run it; `nil` where it can.
  var foldedRefusal: String? { get }
  /// Appends its passes.
  func append(_ site: FoldedSite, to plan: inout FoldedPlan)
}

extension FoldedKernel {
  var lanes: Int { 1 }
  var laneWeights: [Int8] { [] }
  var foldedRefusal: String? { nil }
}

extension IntegerLinear: FoldedKernel {
  var lanes: Int { outputs }
  var laneWeights: [Int8] { products.weights.values }

  func append(_ site: FoldedSite, to plan: inout FoldedPlan) {
    plan.append(
      FoldedPlan.Windows(
        channels: inputs, height: 1, width: 1, kernel: 1, stride: 1, padding: 0, dilation: 1, outputHeight: 1,
        outputWidth: 1, groups: 1, filters: outputs), products,
      title: "linear, \(inputs) to \(outputs)", site)
  }
}

extension IntegerConvolution: FoldedKernel {
  var lanes: Int { op.filters / op.groups }
  var laneWeights: [Int8] { products.weights.values }

  func append(_ site: FoldedSite, to plan: inout FoldedPlan) {
    plan.append(
      FoldedPlan.Windows(
        channels: input[0] / op.groups, height: input[1], width: input[2], kernel: op.kernel,
        stride: op.stride,
        padding: op.padding, dilation: op.dilation, outputHeight: output[1], outputWidth: output[2],
        groups: op.groups, filters: op.filters / op.groups), products,
      title: "convolution of \(op.kernel), \(input) to \(output)", site)
  }
}

extension FoldedPlan.Windows {
  /// Windows of each channel by itself.
  fileprivate init(_ input: Shape, _ output: Shape, kernel: Extent, stride: Extent, padding: Extent) {
    self.init(
      channels: 1, height: input[1], width: input[2], kernel: kernel, stride: stride, padding: padding,
      dilation: 1, outputHeight: output[1], outputWidth: output[2], groups: input[0], filters: 1)
  }
}

extension IntegerMaxPool: FoldedKernel {
  func append(_ site: FoldedSite, to plan: inout FoldedPlan) {
    plan.appendMaximum(
      FoldedPlan.Windows(input, output, kernel: kernel, stride: stride, padding: padding),
      title: "largest of \(kernel), \(input) to \(output)", site)
  }
}

extension IntegerAveragePool: FoldedKernel {
  var laneWeights: [Int8] { [1] }
  var foldedRefusal: String? {
    rescales.count == 1
      ? nil : "its windows at the border count other elements than those inside; count the padding too"
  }

  func append(_ site: FoldedSite, to plan: inout FoldedPlan) {
    guard let rescale = rescales.first?.value else { return }
    plan.appendMean(
      FoldedPlan.Windows(input, output, kernel: kernel, stride: stride, padding: padding),
      inputZero: inputZero,
      rescale: rescale, outputZero: outputZero, bounds: bounds,
      title: "mean of \(kernel), \(input) to \(output)", site)
  }
}

extension IntegerAdd: FoldedKernel {
  func append(_ site: FoldedSite, to plan: inout FoldedPlan) {
    let terms = zip(terms, site.inputs).map {
      FoldedPlan.Elements.Term(base: $1, zero: $0.zero, multiplier: $0.multiplier)
    }
    plan.append(
      FoldedPlan.Elements(terms: terms, shift: shift, count: site.count), outputZero: outputZero,
      bounds: bounds,
      title: "sum of \(terms.count)", output: site.output, site)
  }
}

extension IntegerConcat: FoldedKernel {
  func append(_ site: FoldedSite, to plan: inout FoldedPlan) {
    var output = site.output
    for (part, input) in zip(parts, site.inputs) {
      // Numbers that are passed on unchanged have no zero point.
      let rescale = part.rescale
      plan.append(
        FoldedPlan.Elements(
          terms: [
            .init(base: input, zero: rescale == nil ? 0 : part.zero, multiplier: rescale?.multiplier ?? 1)
          ], shift: rescale?.shift ?? 0, count: part.count), outputZero: rescale == nil ? 0 : outputZero,
        bounds: rescale == nil ? -128...127 : bounds, title: "part of a concatenation", output: output, site)
      output += part.count
    }
  }
}

extension IntegerTable: FoldedKernel {
  func append(_ site: FoldedSite, to plan: inout FoldedPlan) {
    let place = plan.place(of: table)
    plan.append(
      FoldedPlan.Elements(
        terms: [.init(base: site.inputs[0], zero: 0, multiplier: 1)], shift: 0, count: site.count,
        table: place),
      outputZero: 0, bounds: -128...127, title: "table", output: site.output, site)
  }
}
