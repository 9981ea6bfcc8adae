import CDNNL
import Execution
import Graphs
import Ops

extension ReLU6: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitActivation(site, CONDENSE_CLIP, alpha: 0, beta: 6, byOutput: false)
  }
}
