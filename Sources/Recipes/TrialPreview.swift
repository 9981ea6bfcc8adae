import Datasets
import Execution
public import Graphs
import Methods
import Ops
import Settings
import Tensors
import Training
public import Trials

/// What a trial would do, found out without training: the methods are applied to a network that is not trained.
///
/// Sizes are exact where a method fixes shapes, masks and widths, and estimates where trained weights or images decide, such as
/// ranks by energy, entropy-coded bytes or channels ranked across layers: methods see a few images (`SampledEvidence`).
public struct TrialPreview {
  /// One stage of the trial.
  public struct Stage {
    /// The method's name, or `train`.
    public var name: String
    public var epochs: Int
    public var objective: String?
    /// The layers that the method changes.
    public var touched: [String]
    /// The layers with weights that it leaves, by the reason.
    public var untouched: [(reason: String, layers: [String])]
    /// Layers to which the method leaves a number of channels that fills no block of the kernels, and what that costs.
    public var idle: [String]
    /// Why the method cannot be applied, or what a reader should know.
    public var warnings: [String]
    /// What trains before and after the method; `nil` where nothing does.
    var work: (before: StageWork, after: StageWork)?
    /// What applying the method took.
    var methodSeconds = 0.0
  }

  public var stages: [Stage] = []
  public var parameters = 0
  public var nonZeros = 0
  public var multiplyAdds = 0
  /// What scoring an image here computes: channels that gates close too.
  var computedMultiplyAdds = 0
  public var fileBytes = 0
  /// The network after the last stage that changes its structure: what a control from scratch starts from.
  public var structure: Graph
  /// The network after all stages, with the encodings that it ships with.
  public var graph: Graph
  /// What opening the data took.
  var openingSeconds = 0.0
  /// What counting the network and its file took.
  var countingSeconds = 0.0
  /// Images by split.
  var images: [Split: Int] = [:]

  /// Applies the stages of a trial; `teacher` is the teacher's network before training, `shape` that of the trial whose
  /// shape this one trains from scratch.
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
      let before = graph
      if let choice = stage.choice {
        let began = clock.now
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
      if let training = stage.training {
        do {
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
    // The teacher has not been trained: it is as it begins.
    if case .teacher = runner.spec.start { initial = { teacher.trainableWeights } } else { initial = nil }
    return try located("plan") {
      try StageEvidence(runner, data, initial: initial, keepsLosses: false).of(graph)
    }
  }
}

extension TrialPreview.Stage {
  /// Notes which layers a method touches, and why not the others that have weights.
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
  /// The network that a trial starts from, untrained.
  fileprivate func previewGraph(_ teacher: Graph, shape: Graph?) throws -> Graph {
    switch spec.start {
    case .network(let structure): return try freshGraph(structure, seed: spec.seed)
    case .shape: return try freshGraph((shape ?? teacher).structureNode, seed: spec.seed)
    case .teacher, .model, .candidate: return teacher
    }
  }

  /// What a stage trains on a network before and after its method.
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
  /// What a network counts as it would ship.
  func counts(
    _ graph: Graph
  ) throws -> (parameters: Int, nonZeros: Int, multiplyAdds: Int, fileBytes: Int) {
    let shipped = try shipped(graph)
    return (shipped.parameterCount, shipped.nonZeroCount, GatedWork(shipped).most, try fileBytes(graph))
  }
}
