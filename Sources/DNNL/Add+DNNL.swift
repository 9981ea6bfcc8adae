import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension Add: DNNLOp {
  static func fusesReLU(_ output: Shape) -> Bool { true }

  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let layout = site.input.operand.layout
    var sum = site.input.operand
    for (position, input) in site.inputs.enumerated().dropFirst() {
      let other = try builder.read(input, as: layout)
      let result = builder.newOperand(layout)
      builder.emitAddition(
        site, sum, other, to: result, relu: site.fusesReLU && position == site.inputs.count - 1)
      sum = result
    }
    builder.define(site, sum, needsGradient: site.inputs.contains { $0.needsGradient })
    builder.backward { () throws(ExecutionError) in
      guard let value = builder.values[site.result], value.needsGradient,
        let gradient = try builder.gradient(of: value, mask: site.fusesReLU ? sum : nil)
      else { return }
      for input in site.inputs { try builder.contribute(input, gradient.operand, owned: false) }
    }
    return true
  }
}

extension PlanBuilder {
  /// Appends a sum of two tensors of one layout, followed by a ReLU if `relu`.
  func emitAddition(_ site: Site, _ first: Operand, _ second: Operand, to result: Operand, relu: Bool) {
    let regions = [first.region, second.region, result.region]
    let elements = Int64(result.region.byteCount / result.layout.type.byteCount)
    let bf16: Int32 = result.layout.type == .bf16 ? 1 : 0
    let threads = Int32(options.threads)
    emit(site.name, "forward", relu ? "native:add and relu" : "native:add", regions) {
      unsafe condense_add_relu(
        result.region.address, first.region.address, second.region.address, relu ? 1 : 0, elements, bf16,
        threads)
    }
  }
}
