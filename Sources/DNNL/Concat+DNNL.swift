import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Concat: DNNLOp {
  /// Copies rows: in each layout of a stack, the channels of an input are one stretch of a row of the result.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let stack = try ChannelStack(site)
    let result = try builder.newOperand(stack.layout(site.shape))
    var offset = 0
    var offsets: [Int] = []
    for input in site.inputs {
      let source = try builder.read(input, as: stack.layout(input.shape))
      builder.emitRows(site.name, "forward", stack, from: source, 0, to: result, offset, width: input.shape)
      offsets.append(offset)
      offset += stack.rowBytes(input.shape)
    }
    builder.define(site, result, needsGradient: site.inputs.contains(where: \.needsGradient))
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value)?.operand
      else { return }
      for (input, offset) in zip(site.inputs, offsets) where input.needsGradient {
        let target = try builder.newOperand(stack.layout(input.shape))
        builder.emitRows(
          site.name, "backward", stack, from: gradient, offset, to: target, 0, width: input.shape)
        try builder.contribute(input, target, owned: true)
      }
    }
    return true
  }
}

extension ChannelSlice: DNNLOp {
  /// Copies stretches of the input's rows to rows of the result.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let stack = try ChannelStack(site, sliced: start)
    let source = try builder.read(site.input, as: stack.layout(site.input.shape))
    let result = try builder.newOperand(stack.layout(site.shape))
    let offset = stack.rowBytes(site.input.shape) / site.input.shape[1] * start
    builder.emitRows(site.name, "forward", stack, from: source, offset, to: result, 0, width: site.shape)
    builder.define(site, result, needsGradient: site.input.needsGradient)
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value)?.operand
      else { return }
      let target = try builder.newOperand(stack.layout(site.input.shape))
      builder.emit(site.name, "backward", "native:zero", [target.region]) {
        unsafe target.region.address?.initializeMemory(
          as: UInt8.self, repeating: 0, count: target.region.byteCount)
      }
      builder.emitRows(
        site.name, "backward", stack, from: gradient, 0, to: target, offset, width: site.shape)
      try builder.contribute(site.input, target, owned: true)
    }
    return true
  }
}

/// The layout of values whose channels are stacked: that of the first value where possible, else row-major.
private struct ChannelStack {
  private enum Order { case plain, blocked, channelsLast }
  private let order: Order
  private let type: ElementType
  /// The number of rows of the result.
  let rows: Int

  /// Chooses a layout for inputs that are joined, or for one that is sliced from a channel on.
  init(_ site: Site, sliced start: Int = 0) throws(ExecutionError) {
    let layout = site.input.operand.layout
    let fillsBlocks =
      start % 16 == 0
      && (site.inputs.map(\.shape) + [site.shape]).allSatisfy { $0.rank == 4 && $0[1] % 16 == 0 }
    type = site.inputs.allSatisfy { $0.operand.layout.type == .bf16 } ? .bf16 : .f32
    if layout.dimensions.count == 4, site.shape.rank == 4 {
      if fillsBlocks, try layout.equals(.blocked(layout.dimensions, layout.type)) {
        order = .blocked
      } else {
        order = try layout.equals(.channelsLast(layout.dimensions, layout.type)) ? .channelsLast : .plain
      }
    } else {
      order = .plain
    }
    rows = order == .channelsLast ? site.shape[0] * site.shape.spatialCount : site.shape[0]
  }

  func layout(_ shape: Shape) throws(ExecutionError) -> Layout {
    switch order {
    case .plain: try .plain(shape.dimensions, type)
    case .blocked: try .blocked(shape.dimensions, type)
    case .channelsLast: try .channelsLast(shape.dimensions, type)
    }
  }

  /// The bytes of a row of a value.
  func rowBytes(_ shape: Shape) -> Int { shape.count / rows * type.byteCount }
}

extension PlanBuilder {
  /// Copies rows as wide as those of a shape between two stacks, at byte offsets within their rows.
  fileprivate func emitRows(
    _ node: String, _ pass: String, _ stack: ChannelStack, from source: Operand, _ sourceOffset: Int,
    to target: Operand, _ targetOffset: Int, width: Shape
  ) {
    let bytes = stack.rowBytes(width)
    let sourceStride = stack.rowBytes(Shape(source.layout.dimensions))
    let targetStride = stack.rowBytes(Shape(target.layout.dimensions))
    let rows = stack.rows
    let threads = Int32(options.threads)
    emit(node, pass, "native:rows", [source.region, target.region]) {
      guard let from = unsafe source.region.address, let to = unsafe target.region.address else { return }
      unsafe condense_copy_rows(
        to + targetOffset, Int64(targetStride), from + sourceOffset, Int64(sourceStride), Int64(bytes),
        Int64(rows), threads)
    }
  }
}
