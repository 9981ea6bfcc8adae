import Datasets
import Execution
public import Graphs
import Methods
import Ops
import Settings
import Tensors
import Training
public import Trials

/// The effect of a trial, found without training: its methods are applied to an untrained network.
///
/// Sizes are exact where a method fixes shapes, masks and widths. They are estimates where trained weights or
/// images decide, such as ranks by energy, entropy-coded bytes or channels ranked across layers: methods see
/// a few images (`SampledEvidence`).
public struct TrialPreview {
  /// One stage of the trial.
  public struct Stage {
    /// The method's name, or `train`.
    public var name: String
    /// The number of epochs; 0 for no training.
    public var epochs: Int
    /// The objective's name; `nil` for the plain loss.
    public var objective: String?
    /// The layers that the method changes.
    public var touched: [String]
    /// The layers with weights that the method does not change, by reason.
    public var untouched: [(reason: String, layers: [String])]
    /// Notes about layers whose number of channels does not fill the kernels' blocks.
    public var idle: [String]
    /// Warnings, such as the reason why the method cannot be applied.
    public var warnings: [String]
    /// The training before and after the method; `nil` without training.
    var work: (before: StageWork, after: StageWork)?
    /// The seconds of applying the method.
    var methodSeconds = 0.0
  }

  /// The stages of the trial.
  public var stages: [Stage] = []
  /// The number of parameters after all stages.
  public var parameters = 0
  /// The number of weights that are not zero after all stages.
  public var nonZeros = 0
  /// Multiply-adds per image after all stages; for gated networks, the most.
  public var multiplyAdds = 0
  /// The multiply-adds that are computed here, including those of closed channels.
  var computedMultiplyAdds = 0
  /// The size of the student's file in bytes.
  public var fileBytes = 0
  /// The network after the last stage that changes its structure, from which a control from scratch starts.
  public var structure: Graph
  /// The network after all stages, with the encodings that it ships with.
  public var graph: Graph
  /// The seconds of opening the data.
  var openingSeconds = 0.0
  /// The seconds of counting the network and its file.
  var countingSeconds = 0.0
  /// The number of images by split.
  var images: [Split: Int] = [:]

  /// Applies the stages of a trial.
  ///
  /// `teacher` is the teacher's network before training. `shape` is the network of the trial whose shape this
  /// one trains from scratch.
  public init(
    _ spec: TrialSpec, teacher: Graph, shape: Graph? = nil, _ environment: TrialEnvironment
  ) throws {
    let clock = ContinuousClock()
    let runner = TrialRunner(spec, directory: "", environment)
    var graph = try runner.previewGraph(teacher, shape: shape)
    structure = graph
    self.graph = graph
    guard let shape = graph.inputs.first?.shape else { throw GraphError.noOutputs }
    let opened = clock.now
    let data = try TrialData(spec, input: shape, normalization: nil, environment)
    openingSeconds = (clock.now - opened).inSeconds
    for split in Split.allCases { images[split] = data.dataset.count(of: split) }
    for (index, stage) in spec.stages.enumerated() {
      var preview = Stage(
        name: stage.name, epochs: stage.training?.epochs ?? 0, objective: stage.objectiveName, touched: [],
        untouched: [], idle: [], warnings: [])
      var before = graph
      if let choice = stage.choice {
        let began = clock.now
        // A method that acts during the training acts on the network that is trained.
        if choice.method.pacing != .once { graph = preview.trained(graph, stage, teacher, data, spec) }
        do {
          try preview.describe(choice, graph)
          let evidence = SampledEvidence(
            try Self.evidence(runner, data, graph, teacher), available: images[.train] ?? 0)
          defer { preview.methodSeconds = evidence.sparedSeconds }
          graph =
            try choice.compress(
              graph, of: graph, progress: 1, evidence: evidence,
              random: TrialPipeline.random(spec, choice, index)
            ).graph
        } catch {
          preview.warnings.append("\(error)")
        }
        preview.idle = graph.idleChannels(since: before, block: environment.backend.channelBlock)
        preview.methodSeconds += (clock.now - began).inSeconds
        if choice.order == .structure { structure = graph }
      }
      let adapted = preview.trained(graph, stage, teacher, data, spec)
      if adapted.nodes != graph.nodes { structure = adapted }
      graph = adapted
      before = preview.trained(before, stage, teacher, data, spec)
      if let training = stage.training {
        do {
          try training.validate()
          try graph.requireFrozen(training.frozen)
          try stage.distiller().requireStudent(graph)
          try stage.distiller().requireHeads(data.task, of: graph)
          if let words = try stage.softTargetsOfFewBits { preview.warnings.append(words) }
        } catch {
          preview.warnings.append("\(error)")
        }
      }
      preview.work = try runner.work(stage, before, graph, teacher: teacher, data)
      stages.append(preview)
    }
    self.graph = graph
    let measurement = TrialMeasurement(runner, data: data, before: graph)
    let counted = clock.now
    let counts = try measurement.counts(graph)
    countingSeconds = (clock.now - counted).inSeconds
    parameters = counts.parameters
    nonZeros = counts.nonZeros
    multiplyAdds = counts.multiplyAdds
    computedMultiplyAdds = graph.multiplyAdds
    fileBytes = counts.fileBytes
  }

  private static func evidence(
    _ runner: TrialRunner, _ data: TrialData, _ graph: Graph, _ teacher: Graph
  ) throws -> any Evidence {
    let initial: (() throws -> [String: Tensor]?)?
    // The teacher is not trained here: its weights are the initial ones.
    if case .teacher = runner.spec.start { initial = { teacher.trainableWeights } } else { initial = nil }
    return try located("plan") {
      try StageEvidence(runner, data, initial: initial, keepsLosses: false).of(graph)
    }
  }
}

extension TrialPreview.Stage {
  /// The network that a stage's objective trains in the place of one; a refusal becomes a warning.
  fileprivate mutating func trained(
    _ graph: Graph, _ stage: TrialSpec.Stage, _ teacher: Graph, _ data: TrialData, _ spec: TrialSpec
  ) -> Graph {
    guard stage.training != nil else { return graph }
    do {
      return try stage.distiller().trained(graph, teacher: teacher, task: data.task, seed: spec.seed)
    } catch {
      if !warnings.contains("\(error)") { warnings.append("\(error)") }
      return graph
    }
  }

  /// Records the layers that a method changes, and the reasons for the others with weights.
  fileprivate mutating func describe(_ choice: MethodChoice, _ graph: Graph) throws {
    for pattern in try choice.strayPatterns(in: graph) {
      warnings.append("the override \"\(pattern.text)\" matches no layer")
    }
    for (node, applicability) in try choice.applicabilities(on: graph) {
      switch applicability {
      case .applicable:
        touched.append(node.name)
      case .notApplicable(let reason):
        guard !graph.slots(of: node).isEmpty else { continue }
        if let place = untouched.firstIndex(where: { $0.reason == reason }) {
          untouched[place].layers.append(node.name)
        } else {
          untouched.append((reason, [node.name]))
        }
      }
    }
  }
}

extension TrialRunner {
  /// The untrained network that a trial starts from.
  fileprivate func previewGraph(_ teacher: Graph, shape: Graph?) throws -> Graph {
    switch spec.start {
    case .network(let structure), .inherited(let structure, _), .sliced(let structure, _, _):
      return try freshGraph(structure, seed: spec.seed)
    case .shape: return try freshGraph((shape ?? teacher).structureNode, seed: spec.seed)
    case .teacher, .model, .candidate: return teacher
    }
  }

  /// The training of a stage before and after its method; `nil` without training.
  fileprivate func work(
    _ stage: TrialSpec.Stage, _ before: Graph, _ after: Graph, teacher: Graph, _ data: TrialData
  ) throws -> (before: StageWork, after: StageWork)? {
    guard let training = stage.training else { return nil }
    let objective = try stage.distiller()
    let parts = objective.teacherParts
    let isLive = parts.contains(.values) || (!parts.isEmpty && spec.logits == nil)
    var work = StageWork(
      graph: before, settings: data.resolved(training), objective: objective,
      teacher: isLive ? teacher : nil, spec: spec, data: data)
    let first = work
    work.graph = after
    return (first, work)
  }
}

extension TrialMeasurement {
  /// The counts of a network as it would ship.
  func counts(
    _ graph: Graph
  ) throws -> (parameters: Int, nonZeros: Int, multiplyAdds: Int, fileBytes: Int) {
    let shipped = try shipped(graph)
    return (shipped.parameterCount, shipped.nonZeroCount, GatedWork(shipped).most, try fileBytes(graph))
  }
}
