import Execution
import Graphs
import Settings
import Tensors

/// The penalties of a training on one plan: adds their gradients after the backward passes of a step.
final class StepPenalties {
  /// A group of elements as the plan lays them out, or a parameter whose elements count by themselves.
  private enum Work {
    case single(ParameterID)
    case group([(parameter: ParameterID, places: [Int32])], count: Int)
  }

  private let penalties: [(penalty: any Penalty, work: [Work])]

  /// Finds the elements of the penalties in the plan of a network, among those that the plan updates.
  init(_ penalties: [any Penalty], of graph: Graph, on plan: any Plan) throws {
    var all: [(any Penalty, [Work])] = []
    for penalty in penalties {
      all.append(
        (penalty, try Self.work(penalty.penalized(in: graph, frozen: plan.options.frozen), on: plan)))
    }
    self.penalties = all
  }

  /// The work of a penalty, with places in the plan's layout.
  private static func work(
    _ elements: PenalizedElements, on plan: any Plan
  ) throws -> [Work] {
    switch elements {
    case .single(let names):
      return try names.map { .single(try plan.parameter($0)) }
    case .groups(let groups):
      var known: [String: (parameter: ParameterID, order: [Int32])] = [:]
      return try groups.map { group in
        var parts: [(parameter: ParameterID, places: [Int32])] = []
        for part in group {
          if known[part.parameter] == nil {
            let parameter = try plan.parameter(part.parameter)
            known[part.parameter] = (parameter, try plan.order(of: part.parameter))
          }
          guard let (parameter, order) = known[part.parameter] else { continue }
          parts.append((parameter, part.places.map { order[$0] }))
        }
        return .group(parts, count: group.reduce(0) { $0 + $1.places.count })
      }
    }
  }

  /// Adds `scale` times the penalties' gradients to those of the plan; returns the penalties at this
  /// progress.
  func add(to plan: any Plan, scale: Float, at progress: Double) -> Double {
    var total = 0.0
    for (penalty, work) in penalties {
      let factor = penalty.factor(at: progress)
      guard factor > 0 else { continue }
      var cost = 0.0
      for item in work {
        switch item {
        case .single(let parameter): cost += Self.add(penalty, scale * factor, parameter, plan)
        case .group(let parts, let count): cost += Self.add(penalty, scale * factor, parts, count, plan)
        }
      }
      total += Double(factor) * cost
    }
    return total
  }

  /// Adds the gradient of a cost of single elements; returns the cost.
  private static func add(
    _ penalty: some Penalty, _ scale: Float, _ parameter: ParameterID, _ plan: any Plan
  ) -> Double {
    plan.withParameter(parameter) { weights, gradient in
      var cost = 0.0
      for i in weights.indices where weights[i] != 0 {
        let (value, slope) = penalty.cost(of: abs(weights[i]), elements: 1)
        cost += Double(value)
        gradient[i] += weights[i] > 0 ? scale * slope : -scale * slope
      }
      return cost
    }
  }

  /// Adds the gradient of a cost of one group; returns the cost.
  private static func add(
    _ penalty: some Penalty, _ scale: Float, _ parts: [(parameter: ParameterID, places: [Int32])],
    _ count: Int,
    _ plan: any Plan
  ) -> Double {
    // A group may span several parameters, so its length takes a pass before the gradients.
    var squares = 0.0
    for (parameter, places) in parts {
      squares += plan.withParameter(parameter) { weights, _ in
        places.reduce(0.0) { $0 + Double(weights[Int($1)]) * Double(weights[Int($1)]) }
      }
    }
    let magnitude = Float(squares.squareRoot())
    guard magnitude > 0 else { return 0 }
    let (value, slope) = penalty.cost(of: magnitude, elements: count)
    for (parameter, places) in parts {
      plan.withParameter(parameter) { weights, gradient in
        for place in places { gradient[Int(place)] += scale * slope / magnitude * weights[Int(place)] }
      }
    }
    return Double(value)
  }
}
