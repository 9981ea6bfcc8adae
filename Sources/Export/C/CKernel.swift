import Execution
import Graphs
import Tensors

/// A kernel that can be written as C: its memory needs and its code.
///
/// One more kernel is one file that makes it conform. Networks with other kernels are refused by the node's
/// name.
protocol CKernel: Sendable {
  /// A few words for the comment above the step: `convolution 3x3, stride 2`.
  var title: String { get }
  /// Multiply-adds per image.
  var multiplyAdds: Int { get }
  /// The overlap that is allowed between the output and an input.
  var placement: OutputPlacement { get }

  /// The memory orders that the kernel needs for its inputs, and that of its output.
  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder)
  /// Elements of working memory besides inputs and output: the least that suffices, and the most that is of
  /// use.
  var scratch: ClosedRange<Int> { get }
  /// The step's code and data; inputs have the order that `orders` names.
  func code(_ site: CSite) -> CCode
}

extension CKernel {
  /// No working memory.
  var scratch: ClosedRange<Int> { 0...0 }

  /// Images with channels last and features in order, as kernels of image positions need.
  func orders(
    _ inputs: [COrder], shapes: [Shape], output: Shape
  ) -> (inputs: [COrder], output: COrder) {
    (shapes.map(COrder.init), COrder(output))
  }
}

/// A kernel that treats all elements alike, so that their order does not matter.
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

/// The place of a step in the source: the expressions that it reads and writes.
struct CSite: Sendable {
  /// The step's number.
  let index: Int
  /// Expressions of pointers to the inputs.
  let inputs: [String]
  /// An expression of a pointer to the output.
  let output: String
  /// An expression of a pointer to the working memory, and its number of elements.
  let scratch: (pointer: String, count: Int)
  /// The memory orders of the inputs.
  let orders: [COrder]
  /// The shapes of the inputs.
  let shapes: [Shape]
  /// The shape of the output.
  let shape: Shape
  /// True if the ratios of all layers with weights are powers of two; code for other ratios is then left out.
  let rescalesByShifts: Bool

  /// The name of an array of this step.
  func name(_ role: String) -> String { "@_\(role)_\(index)" }
}

/// The contribution of a step to the source.
struct CCode: Sendable {
  /// Its constant arrays.
  var arrays: [CArray] = []
  /// The routines that it calls.
  var routines: [CRoutine] = []
  /// The lines of its function's body.
  var body: [String] = []
  /// The bounds that it passes to the routine `clamp`.
  var bounds: [ClosedRange<Int32>] = []
  /// The ratios that it passes to the routine `rescale`.
  var ratios: [Rescale] = []
  /// True if no sum of products that it makes, in any order, leaves 24 bits.
  var sumsAreShort = true
}

/// A function, type or macro that several steps share; it is written once, after those that it needs.
struct CRoutine: Sendable {
  /// The name that identifies it.
  let name: String
  /// The routines that must be written before it.
  var needs: [CRoutine] = []
  /// The text, with `@_` for the network's name.
  let text: String

  /// Routines and those that they need, each once, in an order that C can read.
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
