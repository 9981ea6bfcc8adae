import CDNNL
import Execution
import Graphs
import Ops

extension AveragePool: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitPool(
      site, countsPadding ? CONDENSE_POOL_MEAN_OF_ALL : CONDENSE_POOL_MEAN_OF_INSIDE, window)
  }
}
