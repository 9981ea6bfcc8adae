public import Settings
import Tensors
import Training

/// A recurrent network that proposes combinations and learns from their rewards by policy gradients.
///
/// The controller chooses the variables' values one after the other, each from a softmax given those before
/// (`RecurrentPolicy`). After every round, Adam moves its parameters θ along
///
///     ∇θ = mean over the round of (R - b) · ∇θ log π(choices; θ) + entropy · ∇θ H
///
/// R is the reward: the share of all combinations so far that this one is better than, in the order of the
/// search's goal, so it is the same for accuracies, bytes and latencies. b is its moving average. Proposals
/// are a function of the observations, as the whole training is repeated for each round.
///
/// **Paper** Zoph, Le, "Neural architecture search with reinforcement learning", ICLR 2017, arXiv:1611.01578;
/// Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning",
/// 1992.
public struct ControllerSearch: SearchStrategy {
  /// The name in recipes: `controller`.
  public static let name = "controller"
  /// The description in lists of strategies.
  public static let summary = "a recurrent network proposes combinations and learns from rewards (REINFORCE)"

  /// The number of assignments in all.
  public var tries = 60
  /// The number of assignments in a round, all drawn from the same policy.
  public var round = 6
  /// The number of values that a range of numbers is divided into.
  public var steps = 8
  /// The width of the recurrent cell.
  public var hidden = 16
  /// Adam's learning rate.
  public var learningRate = 0.05
  /// The weight of the policy's entropy beside the reward.
  public var entropy = 0.01
  /// The share of the average reward that is kept from round to round.
  public var baselineDecay = 0.8

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `tries`, `round`, `steps`, `hidden`, `learningRate`, `entropy`, `baselineDecay`.
  public static var settings: [Setting<ControllerSearch>] {
    [
      Setting("tries", \.tries, in: 1...10_000, "combinations that are tried in all"),
      Setting("round", \.round, in: 1...1000, "combinations that are tried between two updates"),
      Setting("steps", \.steps, in: 2...100, "equal steps into which a range of numbers is divided"),
      Setting("hidden", \.hidden, in: 1...256, "width of the recurrent cell"),
      Setting("learningRate", \.learningRate, in: 1e-6...1, "learning rate of Adam"),
      Setting("entropy", \.entropy, in: 0...10, "weight of the policy's entropy beside the reward"),
      Setting("baselineDecay", \.baselineDecay, in: 0...0.999, "share of the baseline that each round keeps"),
    ]
  }

  /// The setting `tries`.
  public func tries(in space: SearchSpace) -> Int { tries }

  /// The rest of the present round, drawn from the policy that the finished rounds have trained.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    let start = search.roundStart(first: round, size: round)
    let done = search.observations.count
    guard done < tries, count > 0 else { return [] }
    let places = search.space.variables.map { $0.places(steps: steps) }
    var policy = RecurrentPolicy(choices: places.map(\.count), hidden: hidden, random: search.random)
    learn(&policy, Array(search.observations[..<start]), search.space, places)
    return (done..<min(start + round, tries, done + count)).map { number in
      var random = search.random.refined(by: number)
      let choices = policy.drawn(&random)
      return Assignment(
        zip(zip(search.space.variables, places), choices).map { $0.0.value(at: $0.1[$1]) })
    }
  }

  /// Trains the policy on all finished rounds.
  private func learn(
    _ policy: inout RecurrentPolicy, _ observations: [SearchObservation], _ space: SearchSpace,
    _ places: [[Double]]
  ) {
    var baseline: Double?
    var optimizer = AdamSteps(count: policy.parameters.count, rate: learningRate)
    for start in stride(from: 0, to: observations.count, by: round) {
      let end = min(start + round, observations.count)
      let rewards = Array(observations[..<end]).ranks[start...]
      let mean = rewards.reduce(0, +) / Double(rewards.count)
      let base = baseline ?? mean
      var gradient = Array(repeating: 0.0, count: policy.parameters.count)
      for (observation, reward) in zip(observations[start..<end], rewards) {
        let choices = zip(zip(space.variables, places), observation.assignment.values).map { pair, value in
          let place = pair.0.place(of: value) ?? 0
          return Int((place * Double(pair.1.count - 1)).rounded())
        }
        policy.addGradient(
          of: choices, weight: (reward - base) / Double(rewards.count),
          entropyWeight: entropy / Double(rewards.count), to: &gradient)
      }
      optimizer.ascend(&policy.parameters, along: gradient)
      baseline = baseline.map { baselineDecay * $0 + (1 - baselineDecay) * mean } ?? mean
    }
  }
}

/// Adam's moments for a list of parameters: Kingma, Ba, ICLR 2015, arXiv:1412.6980.
private struct AdamSteps {
  private let rate: Double
  private var first: [Double]
  private var second: [Double]
  private var count = 0

  private static let (firstDecay, secondDecay, small) = (0.9, 0.999, 1e-8)

  init(count: Int, rate: Double) {
    self.rate = rate
    first = Array(repeating: 0, count: count)
    second = first
  }

  mutating func ascend(_ parameters: inout [Double], along gradient: [Double]) {
    count += 1
    var (firstLeft, secondLeft) = (1.0, 1.0)
    for _ in 0..<count {
      (firstLeft, secondLeft) = (firstLeft * Self.firstDecay, secondLeft * Self.secondDecay)
    }
    for index in parameters.indices {
      let slope = gradient[index]
      first[index] = Self.firstDecay * first[index] + (1 - Self.firstDecay) * slope
      second[index] = Self.secondDecay * second[index] + (1 - Self.secondDecay) * slope * slope
      let step = first[index] / (1 - firstLeft)
      parameters[index] += rate * step / ((second[index] / (1 - secondLeft)).squareRoot() + Self.small)
    }
  }
}
