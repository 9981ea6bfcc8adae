public import Graphs
public import Settings
public import Tensors

/// Two-dimensional convolution (cross-correlation): grouped, depthwise, dilated, strided.
///
/// **Formula**: `y[n,o,i,j] = bias[o] + Σ_{c,u,v} weight[o,c,u,v] · x[n, g·I/groups + c, i·s - p + u·d, j·s -
/// p + v·d]`, where g is the group of o. Elements outside the image are zero.
///
/// **Shapes**: `x [N, I, H, W]`, `weight [O, I/groups, Kh, Kw]`, `bias [O]`, `y [N, O, Ho, Wo]` with
/// `Ho = (H + p + e - d(Kh - 1) - 1)/s + 1`, rounded down, where p is the padding before and e the one
/// behind.
///
/// **Gradient**: the transposed convolution of `dy` for x, the correlation of x with `dy` for the weight, the
/// sum of `dy` for the bias.
///
/// **Cost**: `N·O·Ho·Wo · I/groups·Kh·Kw` multiply-adds.
///
/// **Settings**: filters, kernel, stride, padding, endPadding, dilation, groups, bias.
///
/// **Throws**: `ShapeError` when groups do not divide channels and filters, or the kernel exceeds the padded
/// image.
///
/// **Paper**: LeCun et al., "Gradient-based learning applied to document recognition", 1998.
public struct Conv2D: ProductOp {
  /// The name in files: `conv2d`.
  public static let kind = "conv2d"

  /// Output channels.
  public var filters = 1
  /// Rows and columns of the kernel.
  public var kernel: Extent = 1
  /// The step between windows.
  public var stride: Extent = 1
  /// Zeros at the top and on the left.
  public var padding: Extent = 0
  /// Zeros at the bottom and on the right; `nil` is as many as `padding`.
  public var endPadding: Extent?
  /// The step between kernel elements.
  public var dilation: Extent = 1
  /// The number of groups: an output channel sees the input channels of its group alone.
  ///
  /// As many groups as channels make a depthwise convolution.
  public var groups = 1
  /// True if each filter adds a bias.
  public var bias = true

  /// One filter of one element.
  public init() {}

  /// Makes a convolution.
  public init(
    filters: Int, kernel: Extent, stride: Extent = 1, padding: Extent = 0, endPadding: Extent? = nil,
    dilation: Extent = 1, groups: Int = 1, bias: Bool = true
  ) {
    self.filters = filters
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.endPadding = endPadding
    self.dilation = dilation
    self.groups = groups
    self.bias = bias
  }

  /// Makes a convolution of square windows.
  public init(
    filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
    bias: Bool = true
  ) {
    self.init(
      filters: filters, kernel: Extent(kernel), stride: Extent(stride), padding: Extent(padding),
      dilation: Extent(dilation), groups: groups, bias: bias)
  }

  /// Settings: `filters`, `kernel`, `stride`, `padding`, `endPadding`, `dilation`, `groups`, `bias`.
  public static var settings: [Setting<Conv2D>] {
    let side = 1...Window.maximumSide
    return [
      Setting("filters", \.filters, in: side, required: true, "output channels"),
      .extent("kernel", \.kernel, in: side, required: true, "rows and columns of the kernel"),
      .extent("stride", \.stride, in: side, "step between windows"),
      .extent("padding", \.padding, in: 0...Window.maximumSide, "zeros at the top and on the left"),
      .extent(
        "endPadding", \.endPadding, in: 0...Window.maximumSide,
        "zeros at the bottom and on the right; null is as many as padding"
      ).omittedAsDefault(),
      .extent("dilation", \.dilation, in: side, "step between kernel elements"),
      Setting("groups", \.groups, in: side, "groups of channels that do not see one another"),
      Setting("bias", \.bias, "whether each filter adds a bias"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Conv2D>] {
    [
      OpExample(Conv2D(filters: 3, kernel: 3, padding: 1), [2, 2, 5, 4]),
      OpExample(Conv2D(filters: 4, kernel: Extent(3, 2), stride: Extent(2, 1), bias: false), [2, 3, 7, 5]),
      OpExample(Conv2D(filters: 4, kernel: 3, padding: 2, dilation: 2, groups: 2), [1, 4, 6, 6]),
      OpExample(Conv2D(filters: 3, kernel: 3, stride: 2, padding: 1, groups: 3, bias: false), [2, 3, 6, 6]),
      OpExample(Conv2D(filters: 6, kernel: 3, padding: 1, groups: 3), [1, 3, 4, 5]),
      OpExample(Conv2D(filters: 5, kernel: 1), [3, 4, 3, 3]),
      OpExample(Conv2D(filters: 3, kernel: 3, stride: 2, padding: 0, endPadding: 1), [2, 2, 6, 4]),
      OpExample(
        Conv2D(filters: 2, kernel: 2, padding: Extent(1, 0), endPadding: Extent(0, 1), groups: 2),
        [1, 2, 4, 3]),
    ]
  }

  /// The window of the kernel.
  public var window: Window {
    Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation, endPadding: endPadding)
  }

  /// Refuses sides out of range, and groups that do not divide the filters.
  public func validate() throws(ShapeError) {
    try require(filters, in: 1...Window.maximumSide, "filters")
    try require(groups, in: 1...Window.maximumSide, "groups")
    try window.validate(op: kind)
    guard filters % groups == 0 else {
      throw .invalidSetting(op: kind, reason: "\(groups) groups do not divide \(filters) filters")
    }
  }

  /// The shape `[N, filters, Ho, Wo]`; throws if groups do not divide the channels or the kernel is too
  /// large.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireImages(inputs)
    guard input[1] % groups == 0 else {
      throw .invalidSetting(op: kind, reason: "\(groups) groups do not divide \(input[1]) channels")
    }
    let plane = try window.outputExtent(input, op: kind)
    return [input[0], filters, plane.height, plane.width]
  }

  /// The slots `weight` `[O, I/groups, Kh, Kw]` and, if there is one, `bias` `[O]`.
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] {
    let channels = inputs[0][1] / groups
    let start = Initializer.uniform(fanIn: channels * kernel.count)
    let weight = ParameterSlot(
      .weight, [filters, channels, kernel.height, kernel.width], start, decays: true, outputAxis: 0,
      inputAxis: groups == 1 ? 1 : nil)
    return bias ? [weight, ParameterSlot(.bias, [filters], start, outputAxis: 0)] : [weight]
  }

  /// `I/groups·Kh·Kw` multiply-adds for each output element.
  public func cost(_ inputs: [Shape], output: Shape) -> OpCost {
    OpCost(
      multiplyAdds: output.count * (inputs[0][1] / groups * kernel.count), inputs: inputs, output: output)
  }

  /// The rule for channels.
  ///
  /// A convolution of one group mixes. A depthwise one follows, or spreads if it has several filters for each
  /// channel. Other groups tie their channels.
  public func channels(_ inputs: [Shape]) -> ChannelRule {
    if groups == 1 { return .mixing }
    if groups != inputs[0][1] { return .fixed(reason: "a convolution of \(groups) groups ties them") }
    return filters == groups ? .following : .spreading(count: filters / groups)
  }

  /// The convolution with `outputChannels` filters; groups of a depthwise one follow the input.
  public func resized(inputs: [Shape], outputChannels: Int) -> Conv2D {
    var resized = self
    resized.filters = outputChannels
    if groups > 1 { resized.groups = inputs[0][1] }
    return resized
  }

  /// Computes each output plane in double precision, one kernel element after another.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    let weight = frame.parameters[0].values
    let bias = bias ? frame.parameters[1].values : Array(repeating: 0, count: filters)
    let planes = Planes(self, input: frame.inputs[0].shape, output: frame.output.shape)
    var y: [Float] = []
    y.reserveCapacity(frame.output.shape.count)
    for image in 0..<planes.batch {
      for filter in 0..<filters {
        var sums = Array(repeating: Double(bias[filter]), count: planes.outputCount)
        planes.forEachChannel(image: image, filter: filter) { start, weightStart in
          for (tap, stretches) in planes.taps.enumerated() {
            let factor = Double(weight[weightStart + tap])
            for stretch in stretches {
              var from = start + stretch.input
              for to in stretch.output..<(stretch.output + stretch.count) {
                sums[to] += factor * Double(x[from])
                from += stride.width
              }
            }
          }
        }
        for sum in sums { y.append(Float(sum)) }
      }
    }
    frame.output.values = y
  }

  /// Writes the gradients of x, weight and bias, with sums in double precision.
  public func backward(_ frame: inout GradientFrame) {
    let x = frame.inputs[0].values
    let weight = frame.parameters[0].values
    let dy = frame.outputGradient.values
    let planes = Planes(self, input: frame.inputs[0].shape, output: frame.output.shape)
    var dx = Array(repeating: Double(0), count: x.count)
    var dWeight = Array(repeating: Double(0), count: weight.count)
    var dBias = Array(repeating: Double(0), count: filters)
    for image in 0..<planes.batch {
      for filter in 0..<filters {
        let outputStart = (image * filters + filter) * planes.outputCount
        for i in outputStart..<(outputStart + planes.outputCount) { dBias[filter] += Double(dy[i]) }
        planes.forEachChannel(image: image, filter: filter) { start, weightStart in
          for (tap, stretches) in planes.taps.enumerated() {
            let factor = Double(weight[weightStart + tap])
            var sum = 0.0
            for stretch in stretches {
              var from = start + stretch.input
              for i in (outputStart + stretch.output)..<(outputStart + stretch.output + stretch.count) {
                let gradient = Double(dy[i])
                sum += gradient * Double(x[from])
                dx[from] += gradient * factor
                from += stride.width
              }
            }
            dWeight[weightStart + tap] += sum
          }
        }
      }
    }
    frame.inputGradients[0].values = dx.map { Float($0) }
    frame.parameterGradients[0].values = dWeight.map { Float($0) }
    if bias { frame.parameterGradients[1].values = dBias.map { Float($0) } }
  }
}

/// The layout of the planes of a convolution.
private struct Planes {
  let batch: Int
  let channels: Int
  let channelsPerGroup: Int
  let filtersPerGroup: Int
  let inputCount: Int
  let outputCount: Int
  let taps: [[Stretch]]

  init(_ op: Conv2D, input: Shape, output: Shape) {
    batch = input[0]
    channels = input[1]
    channelsPerGroup = input[1] / op.groups
    filtersPerGroup = op.filters / op.groups
    inputCount = input.spatialCount
    outputCount = output.spatialCount
    taps = op.window.taps(input: input, output: output)
  }

  /// Calls `body` with the first element of every input plane that a filter sees and of its kernel.
  func forEachChannel(image: Int, filter: Int, _ body: (_ input: Int, _ weight: Int) -> Void) {
    let first = image * channels + filter / filtersPerGroup * channelsPerGroup
    for channel in 0..<channelsPerGroup {
      body((first + channel) * inputCount, (filter * channelsPerGroup + channel) * taps.count)
    }
  }
}
