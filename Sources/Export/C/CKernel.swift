import Execution
import Graphs
import Tensors

/// A kernel that can be written as C: what it needs of memory, and its code.
///
/// One more kind of kernel is a file that makes it conform; whoever does not conform is refused by the node's name.
protocol CKernel: Sendable {
  /// A few words for the comment over the step: `convolution 3x3, stride 2`.
  var title: String { get }
  /// Multiply-adds of one image.
  var multiplyAdds: Int { get }
  /// Where the output may lie over an input.
  var placement: OutputPlacement { get }

  /// How the inputs must lie in memory, and how the output then does.
  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder)
  /// Elements of working memory beside inputs and output: the least that will do, and as much as is of use.
  var scratch: ClosedRange<Int> { get }
  /// The step's code and data; inputs lie as `orders` asks.
  func code(_ site: CSite) -> CCode
}

extension CKernel {
  /// No working memory.
  var scratch: ClosedRange<Int> { 0...0 }

  /// Images with channels last, features in order: what kernels with places need.
  func orders(
    _ inputs: [COrder], shapes: [Shape], output: Shape
  ) -> (inputs: [COrder], output: COrder) {
    (shapes.map(COrder.init), COrder(output))
  }
}

/// A kernel that treats every element alike: any order of elements will do.
protocol CElementwise: CKernel {}

extension CElementwise {
  func orders(
    _ inputs: [COrder], shapes: [Shape], output: Shape
  ) -> (inputs: [COrder], output: COrder) {
    let first = inputs.first ?? COrder(output)
    guard inputs.allSatisfy({ $0 == first }) else { return (shapes.map(COrder.init), COrder(output)) }
    return (inputs, first)
  }
}

/// Where a step is written: the expressions of what it reads and writes.
struct CSite: Sendable {
  /// The step's number.
  let index: Int
  /// Pointers to the inputs.
  let inputs: [String]
  /// A pointer to the output.
  let output: String
  /// A pointer to the working memory and its elements.
  let scratch: (pointer: String, count: Int)
  /// How the inputs lie.
  let orders: [COrder]
  /// Shapes of the inputs.
  let shapes: [Shape]
  /// The output's shape.
  let shape: Shape
  /// Whether ratios of all layers with weights are powers of two: there is no code for others then.
  let rescalesByShifts: Bool

  /// The name of an array of this step.
  func name(_ role: String) -> String { "@_\(role)_\(index)" }
}

/// What a step adds to the source.
struct CCode: Sendable {
  /// Its constant arrays.
  var arrays: [CArray] = []
  /// The routines it calls.
  var routines: [CRoutine] = []
  /// The lines of its function's body.
  var body: [String] = []
  /// The bounds of which the routine `clamp` is told.
  var bounds: [ClosedRange<Int32>] = []
  /// The ratios of which the routine `rescale` is told.
  var ratios: [Rescale] = []
}

/// A function, type or macro that several steps share: written once, behind what it needs.
struct CRoutine: Sendable {
  /// The name it is known by.
  let name: String
  /// What must be written before.
  var needs: [CRoutine] = []
  /// The text, with `@_` for the network's name.
  let text: String

  /// Routines and what they need, each once, in an order in which C can read them.
  static func ordered(_ routines: [CRoutine]) -> [CRoutine] {
    var seen: Set<String> = []
    var order: [CRoutine] = []
    func visit(_ routine: CRoutine) {
      guard seen.insert(routine.name).inserted else { return }
      routine.needs.forEach(visit)
      order.append(routine)
    }
    routines.forEach(visit)
    return order
  }
}
