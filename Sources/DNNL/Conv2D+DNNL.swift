import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Conv2D: DNNLOp {
  static func fusesReLU(_ output: Shape) -> Bool { true }

  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    if prefersInterleaving(site, builder) {
      try lowerInterleaved(site, builder)
      return true
    }
    guard let plan = try fastest(site, builder) else { return false }
    try builder.emitProduct(site, plan, hasBias: bias)
    return true
  }

  /// The first of a few methods for which oneDNN has fast kernels; if there is none, its reference kernels in
  /// 32 bits.
  private func fastest(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> ProductPlan? {
    var ways: [ConvolutionWay] = []
    let type = builder.type
    let arrangement = Arrangement.preferred(self, site)
    if type == .f32, prefersWinograd(site) { ways.append(ConvolutionWay(type, .blocked, CONDENSE_WINOGRAD)) }
    for type in type == .f32 ? [.f32] : [type, .f32] {
      for arrangement in [arrangement, .own, .blocked, .channelsLast] {
        ways.append(ConvolutionWay(type, arrangement, CONDENSE_DIRECT))
      }
    }
    var last: ProductPlan?
    for way in ways {
      let kernels = ConvolutionKernels(self, site, builder, way)
      do throws(ExecutionError) {
        let plan = try kernels.plan()
        guard try !writesBeyondItsMemory(plan, site) else { continue }
        if !plan.usesReference { return plan }
        last = plan
      } catch .library(_, _, let status) where status == Int(dnnl_unimplemented.rawValue) {
        continue
      }
    }
    return last
  }

  /// True if oneDNN's kernel for the gradient of the weights writes beyond its memory.
  ///
  /// Found with oneDNN 2.6.3, by trying every number of channels up to 33 between protected pages. Of all
  /// AVX2 kernels for 1x1 and 3x3 convolutions, only this one is wrong: it gathers strided pixels in blocks
  /// of eight channels, even where fewer lie last.
  private func writesBeyondItsMemory(_ plan: ProductPlan, _ site: Site) throws(ExecutionError) -> Bool {
    guard let kernel = plan.backwardWeights?.0.implementation, kernel.hasPrefix("jit_1x1:avx2"), stride != 1,
      site.input.shape[1] / groups < 8
    else { return false }
    return try plan.source.equals(.channelsLast(site.input.shape.dimensions, plan.source.type))
  }

  /// True if Winograd's transforms pay: 3x3 at stride 1, enough channels, and tiles of 4x4 that are not
  /// mostly padding.
  ///
  /// Measured on one core with AVX-512 relative to the direct kernels: 16 channels are 1.0-1.1 times as fast,
  /// 32 channels 1.7, 64 and more 2.0-2.8. A plane of 2x2, which uses a quarter of a tile, is 0.5 times as
  /// fast. Of channels that are padded to whole blocks, 40 on 16x16 are 1.1, 51 on 8x8 1.26, 27 1.0 and 33
  /// less than 1 times as fast.
  private func prefersWinograd(_ site: Site) -> Bool {
    guard kernel == 3, stride == 1, dilation == 1, groups == 1, window.isSymmetric, padding.height <= 1,
      padding.width <= 1,
      channelsSuitWinograd(site.input.shape[1])
    else { return false }
    let tiles = ((site.shape[2] + 3) / 4) * ((site.shape[3] + 3) / 4)
    return 2 * site.shape.spatialCount >= 16 * tiles
  }

  /// True for whole blocks of at least 32 channels, or for at least 48 with not too much padding.
  private func channelsSuitWinograd(_ inputs: Int) -> Bool {
    func filledUp(_ channels: Int) -> Int { (channels + 15) / 16 * 16 }
    let padded = (inputs: filledUp(inputs), filters: filledUp(filters))
    if padded == (inputs, filters) { return min(inputs, filters) >= 32 }
    return min(padded.inputs, padded.filters) >= 48
      && 10 * padded.inputs * padded.filters <= 16 * inputs * filters
  }
}

/// One way of computing a convolution.
struct ConvolutionWay {
  let type: ElementType
  let arrangement: Arrangement
  let method: condense_method

  init(_ type: ElementType, _ arrangement: Arrangement, _ method: condense_method) {
    self.type = type
    self.arrangement = arrangement
    self.method = method
  }
}

/// The layout of activations around a convolution.
enum Arrangement {
  /// The source as it lies, the rest as the kernel prefers.
  case own
  /// Channels in blocks of 16, on both sides.
  case blocked
  /// Channels last, on both sides.
  case channelsLast

  /// Channels last if blocks of 16 would mostly hold padding, as for LeNet's 20 and 50 channels; else `own`.
  static func preferred(_ convolution: Conv2D, _ site: Site) -> Arrangement {
    guard convolution.groups == 1 else { return .own }
    func waste(_ channels: Int) -> Double { Double((channels + 15) / 16 * 16) / Double(channels) }
    let inputs = site.input.shape[1]
    // An image's own channels are never padded; its result should lie as the next convolution prefers.
    let total = (inputs <= 4 ? waste(convolution.filters) : waste(inputs)) * waste(convolution.filters)
    return total > 1.3 ? .channelsLast : .own
  }
}
