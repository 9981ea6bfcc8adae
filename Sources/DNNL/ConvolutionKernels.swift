import CDNNL
import Execution
import Graphs
import Ops
import Tensors

/// Chooses oneDNN's kernels and layouts for a convolution that is computed in one way.
///
/// Gradients of weights and biases have 32 bits in every way.
struct ConvolutionKernels {
  private let convolution: Conv2D
  private let site: Site
  private let builder: PlanBuilder
  private let way: ConvolutionWay
  private let input: [Int]
  private let weightShape: [Int]

  init(_ convolution: Conv2D, _ site: Site, _ builder: PlanBuilder, _ way: ConvolutionWay) {
    self.convolution = convolution
    self.site = site
    self.builder = builder
    self.way = way
    input = site.input.shape.dimensions
    let (groups, filters, kernel) = (convolution.groups, convolution.filters, convolution.kernel)
    weightShape =
      groups == 1
      ? [filters, input[1], kernel.height, kernel.width]
      : [groups, filters / groups, input[1] / groups, kernel.height, kernel.width]
  }

  /// The kernels of all passes that the plan needs.
  func plan() throws(ExecutionError) -> ProductPlan {
    let type = way.type
    let weights = try Layout.any(weightShape, type)
    let bias = convolution.bias ? try Layout.plain([convolution.filters], .f32) : nil
    let forward = try descriptor(
      builder.isTraining ? CONDENSE_TRAINING : CONDENSE_INFERENCE, try sourceLayout(), weights, bias,
      try destinationLayout(), site.fusesReLU ? .relu : .none, nil)
    var plan = try ProductPlan(
      forward: forward, source: .chosen(forward, dnnl_query_src_md, input, type),
      weights: .chosen(forward, dnnl_query_weights_md, weightShape, type),
      destination: .chosen(forward, dnnl_query_dst_md, site.shape.dimensions, type))
    guard builder.isTraining else { return plan }
    let byWeights = try descriptor(
      CONDENSE_BACKWARD_WEIGHTS, plan.source, .any(weightShape, .f32), bias, plan.destination, .none, forward)
    plan.backwardWeights = (
      byWeights, try .chosen(byWeights, dnnl_query_diff_weights_md, weightShape, .f32)
    )
    guard site.input.needsGradient else { return plan }
    let byData = try descriptor(
      CONDENSE_BACKWARD_DATA, plan.source, weights, nil, plan.destination, .none, forward)
    plan.backwardData = (byData, try .chosen(byData, dnnl_query_weights_md, weightShape, type))
    return plan
  }

  private func descriptor(
    _ pass: condense_pass, _ source: Layout, _ weights: Layout, _ bias: Layout?, _ destination: Layout,
    _ epilogue: Epilogue, _ hint: Descriptor?
  ) throws(ExecutionError) -> Descriptor {
    let engine = unsafe builder.device.engine
    let window = convolution.window
    let (stride, dilation) = (window.stride, window.dilation)
    let before = [Int64(window.padding.height), Int64(window.padding.width)]
    let after = [Int64(window.endPadding.height), Int64(window.endPadding.width)]
    return try unsafe Descriptor("condense_convolution", node: site.name, epilogue) { handle, attributes in
      unsafe condense_convolution(
        &handle, engine, pass, way.method, source.handle, weights.handle, bias?.handle, destination.handle,
        [Int64(stride.height), Int64(stride.width)], [Int64(dilation.height - 1), Int64(dilation.width - 1)],
        before, after, attributes, hint?.handle)
    }
  }

  private func sourceLayout() throws(ExecutionError) -> Layout {
    switch way.arrangement {
    case .channelsLast: return try .channelsLast(input, way.type)
    case .blocked: return try .blocked(input, way.type)
    case .own: return try ownSourceLayout()
    }
  }

  private func destinationLayout() throws(ExecutionError) -> Layout {
    switch way.arrangement {
    case .channelsLast: try .channelsLast(site.shape.dimensions, way.type)
    case .blocked: try .blocked(site.shape.dimensions, way.type)
    case .own: try .any(site.shape.dimensions, way.type)
    }
  }

  /// The layout of the producer, if it is a kernel's own or an image of few channels; else any layout.
  private func ownSourceLayout() throws(ExecutionError) -> Layout {
    let made = site.input.operand.layout
    guard made.dimensions == input else { return try .any(input, way.type) }
    if try made.isPlain(), input[1] > 4 { return try .any(input, way.type) }
    if try made.equals(.channelsLast(input, made.type)) { return try .any(input, way.type) }
    return try made.retyped(way.type)
  }
}
