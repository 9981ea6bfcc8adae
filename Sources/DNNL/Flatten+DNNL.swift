import Execution
import Graphs
import Ops
import Tensors

extension Flatten: DNNLOp {
  /// Gives the image another shape without moving it, in the layout that it has.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    var image = site.input.operand
    if try image.layout.isPlain() {
      image = Operand(
        region: image.region, layout: try Layout.plain(site.shape.dimensions, image.layout.type))
    }
    builder.define(site, image, needsGradient: site.input.needsGradient)
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value)
      else { return }
      try builder.contribute(site.input, gradient.operand, owned: gradient.isOwned)
    }
    return true
  }
}
