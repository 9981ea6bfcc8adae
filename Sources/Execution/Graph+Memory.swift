public import Graphs
import Tensors

extension Graph {
  /// Refuses a plan whose values cannot fit into memory, before any of it is taken.
  ///
  /// A backend that `keepsValues` needs memory for all of them. Other backends need at least those that later
  /// nodes still read while a node runs, and in training at least half of all: gradients read them, except
  /// those of fused and in-place nodes.
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

  /// The most elements that live while some node runs, for a batch of one.
  private var largestElementsAtATime: Int { schedule(isInPlace: false, bytes: elements(of:)).peakBytes }

  private func elements(of value: String) -> Int { shape(of: value)?.count ?? 0 }
}
