import CDNNL
import Execution
import Graphs
import Ops

extension Sigmoid: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_SIGMOID_BY_OUTPUT, byOutput: true)
  }
}
