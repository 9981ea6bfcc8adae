public import Graphs
import Ops
public import Settings
public import Tasks

/// Trains the student together with networks of its own kind that teach one another (DML); without a teacher.
///
/// The peers have the student's layers and other first weights. They are trained beside it and left behind.
///
/// **Formula** Each of the n networks minimizes `CE + weight/(n - 1)·Σ_m T²·Σ_c p_m[c]·log(p_m[c]/p[c])` an image,
/// with its own softened probabilities p and those of each other network m, through which no gradient goes back.
/// CE is the task's loss, label smoothing included, and n is `peers` + 1.
///
/// **Paper** Zhang, Xiang, Hospedales, Lu, "Deep mutual learning", CVPR 2018, arXiv:1706.00384, with a
/// temperature and a weight of 1. There the networks take turns; here all take a step at a time.
public struct MutualLearning: Distiller {
  /// The name in recipes: `mutual`.
  public static let name = "mutual"
  /// One line for `condense list`.
  public static let summary =
    "train networks of the student's kind beside it, each of which learns the labels and the others' probabilities; without a teacher (DML)"

  /// The factor of what a network learns from all others.
  public var weight: Float = 1
  /// The temperature by which logits are divided.
  public var temperature: Float = 1
  /// The networks beside the student.
  public var peers = 1

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `temperature`, `peers`.
  public static var settings: [Setting<MutualLearning>] {
    [
      Setting("weight", \.weight, in: 1e-6...1000, "factor of what a network learns from all others"),
      Setting(
        "temperature", \.temperature, in: 0.1...100, "number by which logits are divided before the softmax"),
      Setting("peers", \.peers, in: 1...8, "networks that are trained beside the student"),
    ]
  }

  /// Nothing: there is no teacher.
  public var teacherParts: Set<TeacherPart> { [] }
  /// The temperature.
  public var temperatureOfTargets: Float? { temperature }

  /// Throws if the task has no scores of whole images.
  public func requireHeads(_ task: any ImageTask, of student: Graph) throws {
    _ = try task.heads(of: student, network: "training").named(Head.scores, network: "training")
  }

  /// Adds the peers, and the losses of all networks.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try objective.minimizeTaskLoss()
    let head = try objective.heads.named(Head.scores, network: "training")
    var scores = [try objective.head(Head.scores)]
    for peer in 1...peers {
      let place = "mutual/peer\(peer)"
      scores.append(try objective.appendPeer(place + "/network/", scores: head.value))
      let loss = objective.append(
        SoftmaxCrossEntropy(smoothing: objective.smoothing), name: place + "/label-loss",
        inputs: [scores[peer], try objective.labels()])
      objective.minimize(loss, weight: 1)
    }
    let others = scores.enumerated().map { network, value in
      objective.append(StopGradient(), name: "mutual/said\(network)", inputs: [value])
    }
    for (network, value) in scores.enumerated() {
      for (other, said) in others.enumerated() where other != network {
        let loss = objective.append(
          KullbackLeibler(temperature: temperature), name: "mutual/\(other)-teaches-\(network)",
          inputs: [value, said])
        objective.minimize(loss, weight: weight / Float(peers))
      }
    }
  }
}

extension ObjectiveBuilder {
  /// Appends a network of the student's layers that reads the same images; returns the name of its scores.
  fileprivate mutating func appendPeer(_ prefix: String, scores: String) throws(TaskError) -> String {
    var names: [String: String] = [:]
    for input in student.inputs { names[input.name] = try studentValue(input.name) }
    for node in student.nodes {
      names[node.name] = append(
        node.op, name: prefix + node.name, inputs: node.inputs.map { names[$0] ?? $0 })
    }
    return names[scores] ?? scores
  }
}
