import Execution
import Graphs
import Ops
import Tensors

extension AnchorRows: DNNLOp {
  /// Brings channels last; the rows are then the same memory under another shape.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let shape = site.input.shape.dimensions
    let type = site.input.operand.layout.type
    let image = try builder.read(site.input, as: .channelsLast(shape, type))
    let rows = Operand(region: image.region, layout: try .plain(site.shape.dimensions, type))
    builder.define(site, rows, needsGradient: site.input.needsGradient)
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(
          of: value, as: .plain(site.shape.dimensions, site.input.operand.layout.type))
      else { return }
      let target = Operand(
        region: gradient.operand.region,
        layout: try .channelsLast(shape, gradient.operand.layout.type))
      try builder.contribute(site.input, target, owned: gradient.isOwned)
    }
    return true
  }
}
