import Foundation
public import Graphs
public import Settings
public import Tensors

/// The similarity of feature vectors to learned prototypes, relative to the nearest prototype.
///
/// Followed by a linear layer without bias, it is ProtoNN, with the scores `Σ_j z_j · exp(-γ² d_j)` divided by the largest kernel of
/// the image. The division keeps the order of the scores, and the gradient does not vanish for images far from all prototypes.
///
/// **Formula**: `y[n,j] = exp(-rate · (d[n,j] - min_k d[n,k]))`, `d[n,j] = Σ_i (x[n,i] - prototypes[j,i])²`. The rate is the
/// paper's γ².
///
/// **Shapes**: `x [N, I]`, `prototypes [J, I]`, `y [N, J]`.
///
/// **Gradient**: let `e[n,j] = -rate · y[n,j] · dy[n,j]`, and subtract `Σ_j e[n,j]` from the element of the nearest prototype (the
/// first of equally near ones). Then `dx[n,i] = 2 Σ_j e[n,j] · (x[n,i] - prototypes[j,i])` and
/// `dprototypes[j,i] = -2 Σ_n e[n,j] · (x[n,i] - prototypes[j,i])`.
///
/// **Cost**: `N·J·I` multiply-adds.
///
/// **Settings**: count, rate.
///
/// **Throws**: `ShapeError` if x is not `[N, I]`, and for settings out of range.
///
/// **Paper**: Gupta et al., "ProtoNN: compressed and accurate kNN for resource-scarce devices", ICML 2017.
public struct Prototypes: Op {
  /// The name in files: `prototypes`.
  public static let kind = "prototypes"

  /// The number of prototypes.
  public var count = 1
  /// The factor of the squared distance in the exponent, γ², 10⁻⁶…1000.
  public var rate: Float = 0.3

  /// Makes the op with one prototype.
  public init() {}

  /// Makes the op.
  public init(count: Int, rate: Float = 0.3) {
    self.count = count
    self.rate = rate
  }

  /// Settings: `count`, `rate`.
  public static var settings: [Setting<Prototypes>] {
    [
      Setting("count", \.count, in: 1...Window.maximumSide, required: true, "the number of prototypes"),
      Setting("rate", \.rate, in: 1e-6...1000, "how fast a kernel falls with the squared distance, γ²"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Prototypes>] {
    [OpExample(Prototypes(count: 4, rate: 0.2), [3, 5]), OpExample(Prototypes(count: 3), [2, 2])]
  }

  /// Refuses a count or a rate out of range.
  public func validate() throws(ShapeError) {
    try require(count, in: 1...Window.maximumSide, "count")
    guard rate >= 1e-6, rate <= 1000 else {
      throw .invalidSetting(op: kind, reason: "rate \(rate) is outside 0.000001...1000")
    }
  }

  /// `[N, J]` for `x [N, I]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 1)
    guard inputs[0].rank == 2 else {
      throw .wrongRank(op: kind, expected: "features NxF (flatten images first)", found: inputs[0])
    }
    return [inputs[0][0], count]
  }

  /// The prototypes `[J, I]`, initially uniform in ±1.
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] {
    [ParameterSlot(.prototypes, [count, inputs[0][1]], .uniform(fanIn: 1), outputAxis: 0)]
  }

  /// I multiply-adds for each output element.
  public func cost(_ inputs: [Shape], output: Shape) -> OpCost {
    OpCost(multiplyAdds: output.count * inputs[0][1], inputs: inputs, output: output)
  }

  /// Fixed: removing a feature would change all distances.
  public func channels(_ inputs: [Shape]) -> ChannelRule {
    .fixed(reason: "distances are taken over all features, and compared with one another")
  }

  /// Computes `exp(-rate · (d - min d))` for each image and prototype.
  public func forward(_ frame: inout KernelFrame) {
    let items = frame.output.shape[0]
    var y: [Float] = []
    y.reserveCapacity(items * count)
    for item in 0..<items {
      let distances = distances(frame.inputs[0], frame.parameters[0], item)
      let nearest = distances.min() ?? 0
      y += distances.map { Float(exp(-Double(rate) * ($0 - nearest))) }
    }
    frame.output.values = y
  }

  /// Writes the gradients by features and prototypes, summed in 64 bits.
  public func backward(_ frame: inout GradientFrame) {
    let (x, prototypes) = (frame.inputs[0].values, frame.parameters[0].values)
    let (y, dy) = (frame.output.values, frame.outputGradient.values)
    let features = frame.inputs[0].shape[1]
    var dx = Array(repeating: Double(0), count: x.count)
    var dPrototypes = Array(repeating: Double(0), count: prototypes.count)
    for item in 0..<frame.inputs[0].shape[0] {
      let distances = distances(frame.inputs[0], frame.parameters[0], item)
      var errors = (0..<count).map { j in
        -Double(rate) * Double(y[item * count + j]) * Double(dy[item * count + j])
      }
      let nearest = distances.min().flatMap { distances.firstIndex(of: $0) } ?? 0
      errors[nearest] -= errors.reduce(0, +)
      for j in 0..<count {
        for i in 0..<features {
          let change = 2 * errors[j] * (Double(x[item * features + i]) - Double(prototypes[j * features + i]))
          dx[item * features + i] += change
          dPrototypes[j * features + i] -= change
        }
      }
    }
    frame.inputGradients[0].values = dx.map { Float($0) }
    frame.parameterGradients[0].values = dPrototypes.map { Float($0) }
  }

  /// The squared distances of an image's features from all prototypes, summed in 64 bits.
  private func distances(_ features: Tensor, _ prototypes: Tensor, _ item: Int) -> [Double] {
    let width = features.shape[1]
    return (0..<count).map { j in
      (0..<width).reduce(0.0) { sum, i in
        let difference = Double(features.values[item * width + i]) - Double(prototypes.values[j * width + i])
        return sum + difference * difference
      }
    }
  }
}
