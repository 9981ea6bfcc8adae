import CDNNL
import Execution
import Graphs
import Ops

extension HardSwish: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_HARD_SWISH, byOutput: false)
  }
}
