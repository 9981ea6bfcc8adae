import CDNNL
import Execution
import Graphs
import Ops

extension Tanh: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_TANH_BY_OUTPUT, byOutput: true)
  }
}
