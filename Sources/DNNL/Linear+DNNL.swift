import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Linear: DNNLOp {
  static func fusesReLU(_ output: Shape) -> Bool { true }

  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    var plan = try products(site, builder, builder.type)
    if plan.usesReference, builder.type != .f32 { plan = try products(site, builder, .f32) }
    try builder.emitProduct(site, plan, hasBias: bias)
    return true
  }

  /// Reads a flattened image as it lies, with weights of the same axes, so that nothing is copied between.
  private func products(
    _ site: Site, _ builder: PlanBuilder, _ type: ElementType
  ) throws(ExecutionError) -> ProductPlan {
    let engine = unsafe builder.device.engine
    let source = try site.input.operand.layout.retyped(type)
    let weightShape = [features] + source.dimensions.dropFirst()
    let isObserved = builder.fusions.isObserved(site.result)
    let destinationType = isObserved ? ElementType.f32 : type
    let anyWeights = try Layout.any(weightShape, type)
    let biasLayout = bias ? try Layout.plain([features], .f32) : nil
    func descriptor(
      _ pass: condense_pass, _ weights: Layout, _ bias: Layout?, _ destination: Layout, _ epilogue: Epilogue,
      _ hint: Descriptor?
    ) throws(ExecutionError) -> Descriptor {
      unsafe try Descriptor("condense_inner_product", node: site.name, epilogue) { handle, attributes in
        unsafe condense_inner_product(
          &handle, engine, pass, source.handle, weights.handle, bias?.handle, destination.handle, attributes,
          hint?.handle)
      }
    }
    let destination = try Layout.plain(site.shape.dimensions, destinationType)
    let forward = try descriptor(
      builder.isTraining ? CONDENSE_TRAINING : CONDENSE_INFERENCE, anyWeights, biasLayout, destination,
      site.fusesReLU ? .relu : .none, nil)
    var plan = try ProductPlan(
      forward: forward, source: source, weights: .chosen(forward, dnnl_query_weights_md, weightShape, type),
      destination: destination)
    guard builder.isTraining else { return plan }
    let gradient = try destination.retyped(type)
    let byWeights = try descriptor(
      CONDENSE_BACKWARD_WEIGHTS, .any(weightShape, .f32), biasLayout, gradient, .none, forward)
    plan.backwardWeights = (
      byWeights, try .chosen(byWeights, dnnl_query_diff_weights_md, weightShape, .f32)
    )
    guard site.input.needsGradient else { return plan }
    let byData = try descriptor(CONDENSE_BACKWARD_DATA, anyWeights, nil, gradient, .none, forward)
    plan.backwardData = (byData, try .chosen(byData, dnnl_query_weights_md, weightShape, type))
    // A plain matrix product reads weights either way round, so both passes can share one copy.
    if byData.implementation.contains("gemm:jit"), !byData.implementation.contains("brgemm") {
      let shared = try descriptor(CONDENSE_BACKWARD_DATA, plan.weights, nil, gradient, .none, forward)
      if shared.implementation == byData.implementation { plan.backwardData = (shared, plan.weights) }
    }
    return plan
  }
}
