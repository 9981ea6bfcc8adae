import RealModule
import Tensors

/// The probabilities of successive choices from a recurrent cell (LSTM), in double precision.
///
/// For decision t with n_t choices: x_t = E_{t-1}[choice t-1] (a parameter vector for t = 0), `[hidden]`;
///
///     (i, f, g, o) = W · [x_t, h_{t-1}] + b      [4 · hidden]
///     c_t = σ(f) ∘ c_{t-1} + σ(i) ∘ tanh(g),   h_t = σ(o) ∘ tanh(c_t)
///     p_t = softmax(V_t · h_t + a_t)             [n_t]
///
/// **Paper** Hochreiter, Schmidhuber, "Long short-term memory", 1997.
struct RecurrentPolicy {
  /// The number of choices of each decision.
  let choices: [Int]
  /// The width of the cell.
  let hidden: Int
  /// All parameters in one list: the start vector, W, b, then V, a and E of each decision.
  var parameters: [Double]

  private let decisions: [Int]

  /// Makes a policy with nearly equal probabilities.
  init(choices: [Int], hidden: Int, random: SeededRandom) {
    self.choices = choices
    self.hidden = hidden
    var place = hidden + 4 * hidden * 2 * hidden + 4 * hidden
    decisions = choices.map { count in
      defer { place += count * (2 * hidden + 1) }
      return place
    }
    var random = random.refined(by: -1)
    parameters = (0..<place).map { _ in 0.1 * (2 * Double(random.next() >> 11) * 0x1p-53 - 1) }
  }

  /// The intermediate values of one decision, for the backward pass.
  private struct Step {
    var input: [Double]
    var before: (hidden: [Double], cell: [Double])
    var gates: [Double]
    var state: [Double]
    var output: [Double]
    var probabilities: [Double]
  }

  /// Draws one choice for each decision.
  func drawn(_ random: inout SeededRandom) -> [Int] {
    var made: [Int] = []
    var state = start
    for decision in choices.indices {
      let step = step(decision, after: made.last, state)
      var rest = Double(random.next() >> 11) * 0x1p-53
      var choice = choices[decision] - 1
      for (index, probability) in step.probabilities.enumerated() {
        rest -= probability
        if rest < 0 {
          choice = index
          break
        }
      }
      made.append(choice)
      state = (step.output, step.state)
    }
    return made
  }

  /// The logarithm of π(choices), and the sum of the entropies of the decisions.
  func logProbability(of made: [Int]) -> (log: Double, entropy: Double) {
    var (log, entropy) = (0.0, 0.0)
    for (step, choice) in zip(steps(made), made) {
      log += Double.log(max(step.probabilities[choice], .leastNormalMagnitude))
      entropy += Self.entropy(step.probabilities)
    }
    return (log, entropy)
  }

  /// Adds `weight · ∇ log π(choices) + entropyWeight · ∇ entropy` to a gradient of all parameters.
  func addGradient(
    of made: [Int], weight: Double, entropyWeight: Double, to gradient: inout [Double]
  ) {
    let steps = steps(made)
    var hiddenSlope = Array(repeating: 0.0, count: hidden)
    var cellSlope = hiddenSlope
    for decision in choices.indices.reversed() {
      let step = steps[decision]
      let place = decisions[decision]
      let count = choices[decision]
      let entropy = Self.entropy(step.probabilities)
      var outputSlope = hiddenSlope
      for choice in 0..<count {
        let probability = step.probabilities[choice]
        let logarithm = Double.log(max(probability, .leastNormalMagnitude))
        let slope =
          weight * ((choice == made[decision] ? 1 : 0) - probability)
          - entropyWeight * probability * (logarithm + entropy)
        for unit in 0..<hidden {
          gradient[place + choice * hidden + unit] += slope * step.output[unit]
          outputSlope[unit] += slope * parameters[place + choice * hidden + unit]
        }
        gradient[place + count * hidden + choice] += slope
      }
      var gateSlopes = Array(repeating: 0.0, count: 4 * hidden)
      for unit in 0..<hidden {
        let (input, forget) = (step.gates[unit], step.gates[hidden + unit])
        let (new, out) = (step.gates[2 * hidden + unit], step.gates[3 * hidden + unit])
        let squashed = Double.tanh(step.state[unit])
        let inner = cellSlope[unit] + outputSlope[unit] * out * (1 - squashed * squashed)
        gateSlopes[unit] = inner * new * input * (1 - input)
        gateSlopes[hidden + unit] = inner * step.before.cell[unit] * forget * (1 - forget)
        gateSlopes[2 * hidden + unit] = inner * input * (1 - new * new)
        gateSlopes[3 * hidden + unit] = outputSlope[unit] * squashed * out * (1 - out)
        cellSlope[unit] = inner * forget
      }
      var inputSlope = Array(repeating: 0.0, count: hidden)
      hiddenSlope = inputSlope
      for row in 0..<(4 * hidden) {
        let slope = gateSlopes[row]
        let weights = hidden + row * 2 * hidden
        for unit in 0..<hidden {
          gradient[weights + unit] += slope * step.input[unit]
          gradient[weights + hidden + unit] += slope * step.before.hidden[unit]
          inputSlope[unit] += slope * parameters[weights + unit]
          hiddenSlope[unit] += slope * parameters[weights + hidden + unit]
        }
        gradient[bias + row] += slope
      }
      let source = inputPlace(decision, after: decision > 0 ? made[decision - 1] : nil)
      for unit in 0..<hidden { gradient[source + unit] += inputSlope[unit] }
    }
  }

  // MARK: The cell

  private typealias State = (hidden: [Double], cell: [Double])

  private var start: State {
    let zeros = Array(repeating: 0.0, count: hidden)
    return (zeros, zeros)
  }

  private var bias: Int { hidden + 4 * hidden * 2 * hidden }

  /// The index of a decision's input vector: the start vector, or the embedding of the choice before.
  private func inputPlace(_ decision: Int, after choice: Int?) -> Int {
    guard let choice, decision > 0 else { return 0 }
    let count = choices[decision - 1]
    return decisions[decision - 1] + count * (hidden + 1) + choice * hidden
  }

  private func steps(_ made: [Int]) -> [Step] {
    var steps: [Step] = []
    var state = start
    for decision in choices.indices {
      let step = step(decision, after: decision > 0 ? made[decision - 1] : nil, state)
      state = (step.output, step.state)
      steps.append(step)
    }
    return steps
  }

  private func step(_ decision: Int, after choice: Int?, _ before: State) -> Step {
    let source = inputPlace(decision, after: choice)
    let input = Array(parameters[source..<source + hidden])
    var gates = Array(repeating: 0.0, count: 4 * hidden)
    for row in 0..<(4 * hidden) {
      let weights = hidden + row * 2 * hidden
      var sum = parameters[bias + row]
      for unit in 0..<hidden {
        sum += parameters[weights + unit] * input[unit]
        sum += parameters[weights + hidden + unit] * before.hidden[unit]
      }
      gates[row] = row / hidden == 2 ? Double.tanh(sum) : 1 / (1 + Double.exp(-sum))
    }
    var (state, output) = (before.cell, before.hidden)
    for unit in 0..<hidden {
      state[unit] = gates[hidden + unit] * before.cell[unit] + gates[unit] * gates[2 * hidden + unit]
      output[unit] = gates[3 * hidden + unit] * Double.tanh(state[unit])
    }
    let (place, count) = (decisions[decision], choices[decision])
    let scores = (0..<count).map { choice in
      (0..<hidden).reduce(parameters[place + count * hidden + choice]) {
        $0 + parameters[place + choice * hidden + $1] * output[$1]
      }
    }
    let highest = scores.max() ?? 0
    let powers = scores.map { Double.exp($0 - highest) }
    let sum = powers.reduce(0, +)
    return Step(
      input: input, before: before, gates: gates, state: state, output: output,
      probabilities: powers.map { $0 / sum })
  }

  private static func entropy(_ probabilities: [Double]) -> Double {
    probabilities.reduce(0) { $0 - ($1 > 0 ? $1 * Double.log($1) : 0) }
  }
}
