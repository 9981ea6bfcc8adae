public import Graphs
import Tensors

extension Graph {
  /// Refuses a plan whose values cannot fit into memory, before any of it is taken.
  ///
  /// A backend that `keepsValues` needs all of them. Others need at least those that later nodes still read while a node
  /// runs, and for training at least half of all: the gradients read them, fused and in-place nodes apart.
  public func requireMemory(for options: PlanOptions, keepsValues: Bool) throws(ExecutionError) {
    let kept = keepsValues ? elementsOfAllValues : options.mode == .training ? elementsOfAllValues / 2 : 0
    let elements = max(kept, largestElementsAtATime)
    let width = options.precision == .bf16 ? 2 : 4
    let (bytes, overflow) = elements.multipliedReportingOverflow(by: options.batch)
    let needed = overflow || bytes > Int.max / width ? Int.max : bytes * width
    guard needed <= options.memoryBytes else {
      throw .memory(batch: options.batch, neededBytes: needed, limitBytes: options.memoryBytes)
    }
  }

  private var elementsOfAllValues: Int {
    inputs.reduce(0) { $0 + $1.shape.count } + nodes.reduce(0) { $0 + elements(of: $1.name) }
  }

  /// The most elements for a batch of one that live while some node runs.
  private var largestElementsAtATime: Int { schedule(isInPlace: false, bytes: elements(of:)).peakBytes }

  private func elements(of value: String) -> Int { shape(of: value)?.count ?? 0 }
}
