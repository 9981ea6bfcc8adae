import Encodings
import Execution
public import Graphs
import Tensors

/// The distance between the integer program of a graph and its simulation in floats, in steps of each value.
public struct IntegerAgreement {
  /// The difference of one value.
  public struct Difference: CustomStringConvertible {
    /// The name of the value.
    public let name: String
    /// The largest difference, in steps.
    public var largest = 0
    /// The number of elements that differ at all.
    public var differing = 0
    /// The number of elements that differ by more than one step.
    public var beyondOne = 0
    /// The number of all elements.
    public var count = 0

    mutating func add(_ found: [Int8], _ expected: [Int]) {
      for (a, b) in zip(found, expected) {
        let distance = abs(Int(a) - b)
        largest = max(largest, distance)
        differing += distance > 0 ? 1 : 0
        beyondOne += distance > 1 ? 1 : 0
      }
      count += expected.count
    }

    /// The difference in words.
    public var description: String {
      "\(name): at most \(largest) steps, \(differing) of \(count) differ, \(beyondOne) by more than one"
    }
  }

  /// The differences of every step alone: each reads the simulation's integers, so that differences do not
  /// add up.
  public var steps: [Difference] = []
  /// The differences of the whole network's outputs.
  public var outputs: [Difference] = []

  /// Compares both on a batch of images.
  public init(_ graph: Graph, images: [Float], batch: Int) throws {
    let program = try IntegerProgram(graph)
    let simulated = try Self.simulated(program, graph, images: images, batch: batch)
    steps = program.steps.map { Difference(name: program.values[$0.output].name) }
    outputs = program.outputs.map { Difference(name: program.values[$0].name) }
    for image in 0..<batch {
      let values = simulated.enumerated().map { index, numbers in
        let count = program.values[index].shape.count
        return Array(numbers[(image * count)..<((image + 1) * count)])
      }
      for (index, step) in program.steps.enumerated() {
        let inputs = step.inputs.map { values[$0].map { Int8($0) } }
        steps[index].add(step.kernel.forward(inputs), values[step.output])
      }
      let run = program.values(of: program.inputs.map { values[$0].map { Int8($0) } })
      for (index, output) in program.outputs.enumerated() { outputs[index].add(run[output], values[output]) }
    }
  }

  /// The integers of the simulation's values.
  private static func simulated(
    _ program: IntegerProgram, _ graph: Graph, images: [Float], batch: Int
  ) throws -> [[Int]] {
    let names = program.values.map(\.name)
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: batch, mode: .inference, taps: names))
    plan.forward(images.span, key: 0)
    return try program.values.map { value in
      let numbers = try plan.numbers(value.name)
      return numbers.map { Int(($0 / value.scale).rounded(.toNearestOrEven)) + Int(value.zeroPoint) }
    }
  }
}
