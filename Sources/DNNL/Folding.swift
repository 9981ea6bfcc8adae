import Execution
import Graphs
import Ops
import Tensors

/// The weights of an inference plan: projections of a store's weights, with batch norms folded in.
final class Folding {
  /// The graph as trained.
  private let original: Graph
  private let keeping: Set<String>
  /// The store of the trained weights.
  let source: WeightStore
  /// The store of the folded weights, in plain layouts.
  let target: WeightStore
  /// The graph that inference runs.
  let graph: Graph
  private var version = 0

  init(
    _ graph: Graph, keeping: Set<String>, _ source: WeightStore, _ device: Device
  ) throws(ExecutionError) {
    original = graph
    self.keeping = keeping
    self.source = source
    do throws(GraphError) {
      self.graph = try graph.projectingParameters().foldingBatchNorms(keeping: keeping)
    } catch {
      throw .invalidGraph(error)
    }
    target = try WeightStore(plain: self.graph, device)
  }

  /// Folds again if the trained weights have changed.
  func renew() throws(ExecutionError) {
    guard version != source.version else { return }
    let present = original.projectingParameters(try source.snapshot().parameters)
    let folded: Graph
    do throws(GraphError) { folded = try present.foldingBatchNorms(keeping: keeping) } catch {
      throw .invalidGraph(error)
    }
    try target.load(TrainingState(folded))
    version = source.version
  }
}

extension TrainingState {
  /// The parameters of a graph, without moments.
  init(_ graph: Graph) { self.init(parameters: graph.parameters.mapValues(\.value)) }
}

extension WeightStore {
  /// Makes a store of a graph's parameters in plain layouts, for plans that do not train.
  convenience init(plain graph: Graph, _ device: Device) throws(ExecutionError) {
    var parameters: [(name: String, slot: ParameterSlot, layout: Layout)] = []
    for node in graph.nodes {
      for (name, slot) in graph.slots(of: node) {
        parameters.append((name, slot, try Layout.plain(slot.shape.dimensions, .f32)))
      }
    }
    self.init(parameters, device)
  }
}
