import CDNNL
import Execution
import Graphs
import Ops
import Tensors

extension MaxPool: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    try builder.emitPool(site, CONDENSE_POOL_MAX, window)
  }
}

extension GlobalAveragePool: DNNLOp {
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool {
    let plane = Extent(site.input.shape[2], site.input.shape[3])
    return try builder.emitPool(site, CONDENSE_POOL_MEAN_OF_ALL, Window(kernel: plane, stride: plane))
  }
}
