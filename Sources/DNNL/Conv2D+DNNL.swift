import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Conv2D: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    var plan = try products(site, builder, builder.type)
    if plan.usesReference, builder.type != .f32 { plan = try products(site, builder, .f32) }
    try builder.emitProduct(site, plan, hasBias: bias)
    return true
  }

  /// Kernels and layouts in one arithmetic. Sums over weights and biases are 32-bit in any.
  private func products(
    _ site: Site, _ builder: PlanBuilder, _ type: ElementType
  ) throws(ExecutionError) -> ProductPlan {
    let engine = unsafe builder.device.engine
    let input = site.input.shape.dimensions
    let weightShape =
      groups == 1
      ? [filters, input[1], kernel.height, kernel.width]
      : [groups, filters / groups, input[1] / groups, kernel.height, kernel.width]
    let source = try sourceLayout(site.input, type)
    let anyWeights = try Layout.any(weightShape, type)
    let biasLayout = bias ? try Layout.plain([filters], .f32) : nil
    let strides = [Int64(stride.height), Int64(stride.width)]
    let dilations = [Int64(dilation.height - 1), Int64(dilation.width - 1)]
    let paddings = [Int64(padding.height), Int64(padding.width)]
    func descriptor(
      _ pass: condense_pass, _ source: Layout, _ weights: Layout, _ bias: Layout?, _ destination: Layout,
      _ epilogue: Epilogue, _ hint: Descriptor?
    ) throws(ExecutionError) -> Descriptor {
      unsafe try Descriptor("condense_convolution", node: site.name, epilogue) { handle, attributes in
        unsafe condense_convolution(
          &handle, engine, pass, source.handle, weights.handle, bias?.handle, destination.handle, strides, dilations,
          paddings, attributes, hint?.handle)
      }
    }
    let forward = try descriptor(
      builder.isTraining ? CONDENSE_TRAINING : CONDENSE_INFERENCE, source, anyWeights, biasLayout,
      try Layout.any(site.shape.dimensions, type), site.fusesReLU ? .relu : .none, nil)
    var plan = try ProductPlan(
      forward: forward, source: .chosen(forward, dnnl_query_src_md, input, type),
      weights: .chosen(forward, dnnl_query_weights_md, weightShape, type),
      destination: .chosen(forward, dnnl_query_dst_md, site.shape.dimensions, type))
    guard builder.isTraining else { return plan }
    let byWeights = try descriptor(
      CONDENSE_BACKWARD_WEIGHTS, plan.source, .any(weightShape, .f32), biasLayout, plan.destination, .none, forward)
    plan.backwardWeights = (
      byWeights, try .chosen(byWeights, dnnl_query_diff_weights_md, weightShape, .f32)
    )
    guard site.input.needsGradient else { return plan }
    let byData = try descriptor(
      CONDENSE_BACKWARD_DATA, plan.source, anyWeights, nil, plan.destination, .none, forward)
    plan.backwardData = (byData, try .chosen(byData, dnnl_query_weights_md, weightShape, type))
    return plan
  }

  /// What the producer made, where it is a kernel's own layout or an image of few channels; else any.
  private func sourceLayout(_ value: Value, _ type: ElementType) throws(ExecutionError) -> Layout {
    let dimensions = value.shape.dimensions
    guard value.operand.layout.dimensions == dimensions else { return try .any(dimensions, type) }
    if try value.operand.layout.isPlain(), dimensions[1] > 4 { return try .any(dimensions, type) }
    return try value.operand.layout.retyped(type)
  }
}
