import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Add: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let layout = site.input.operand.layout
    var sum = site.input.operand
    for (position, input) in site.inputs.enumerated().dropFirst() {
      let other = try builder.read(input, as: layout)
      let result = builder.newOperand(layout)
      emit(sum, other, result, relu: site.fusesReLU && position == site.inputs.count - 1, site, builder)
      sum = result
    }
    builder.define(site, sum, needsGradient: site.inputs.contains { $0.needsGradient })
    builder.undo { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value, mask: site.fusesReLU ? sum : nil)
      else { return }
      for input in site.inputs { try builder.contribute(input, gradient.operand, owned: false) }
    }
    return true
  }

  private func emit(
    _ first: Operand, _ second: Operand, _ result: Operand, relu: Bool, _ site: Site, _ builder: PlanBuilder
  ) {
    let regions = [first.region, second.region, result.region]
    let elements = Int64(result.layout.elementCount + 15) / 16 * 16
    let bf16: Int32 = result.layout.type == .bf16 ? 1 : 0
    let threads = Int32(builder.options.threads)
    builder.emit(site.name, "forward", relu ? "native:add and relu" : "native:add", regions) {
      unsafe condense_add_relu(
        result.region.address, first.region.address, second.region.address, relu ? 1 : 0, elements, bf16, threads)
    }
  }
}
