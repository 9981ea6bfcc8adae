import CDNNL
import Execution
import Graphs
import Ops

extension LeakyReLU: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_RELU, alpha: slope, byOutput: false)
  }
}
