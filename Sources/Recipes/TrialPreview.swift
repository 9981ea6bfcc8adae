import Execution
public import Graphs
import Methods
import Ops
import Tensors
import Training

/// What a trial would do, found out without training: the methods are applied to a network that is not trained.
///
/// Sizes are exact where a method fixes shapes, masks and widths, and estimates where trained weights decide, such as
/// ranks by energy or entropy-coded bytes.
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
    /// Why the method cannot be applied, or what a reader should know.
    public var warnings: [String]
  }

  public var stages: [Stage] = []
  public var parameters = 0
  public var nonZeros = 0
  public var multiplyAdds = 0
  public var fileBytes = 0

  /// Applies the stages of a trial; `teacher` is the teacher's network before training.
  public init(
    _ spec: TrialSpec, teacher: Graph, _ environment: TrialEnvironment
  ) throws(TrialError) {
    let runner = TrialRunner(spec, directory: "", environment)
    var graph = try runner.previewGraph(teacher)
    guard let shape = graph.inputs.first?.shape else { throw .graph(.noOutputs) }
    let data = try TrialData(spec, input: shape, normalization: nil, environment)
    for (index, stage) in spec.stages.enumerated() {
      var preview = Stage(
        name: stage.name, epochs: stage.training?.epochs ?? 0, objective: stage.objectiveName, touched: [],
        untouched: [], warnings: [])
      if let choice = stage.choice {
        preview.describe(choice, graph)
        do throws(MethodError) {
          graph =
            try choice.compress(
              graph, of: graph, progress: 1, evidence: try Self.evidence(runner, data, graph),
              random: TrialPipeline.random(spec, choice, index)
            ).graph
        } catch {
          preview.warnings.append("\(error)")
        }
      }
      stages.append(preview)
    }
    let measurement = TrialMeasurement(runner, data: data, before: graph)
    let counts = try measurement.counts(graph)
    parameters = counts.parameters
    nonZeros = counts.nonZeros
    multiplyAdds = counts.multiplyAdds
    fileBytes = counts.fileBytes
  }

  private static func evidence(
    _ runner: TrialRunner, _ data: TrialData, _ graph: Graph
  ) throws(MethodError) -> any Evidence {
    do throws(TrialError) {
      return try StageEvidence(runner, data).of(graph)
    } catch {
      throw .evidence(method: "plan", reason: "\(error)")
    }
  }
}

extension TrialPreview.Stage {
  /// Notes which layers a method touches, and why not the others that have weights.
  fileprivate mutating func describe(_ choice: MethodChoice, _ graph: Graph) {
    for (node, verdict) in choice.verdicts(on: graph) {
      switch verdict {
      case .touched:
        touched.append(node.name)
      case .untouched(let reason):
        guard !graph.slots(of: node).isEmpty else { continue }
        if let place = untouched.firstIndex(where: { $0.reason == reason }) {
          untouched[place].layers.append(node.name)
        } else {
          untouched.append((reason, [node.name]))
        }
      }
    }
    for pattern in choice.strayPatterns(in: graph) {
      warnings.append("the override \"\(pattern.text)\" matches no layer")
    }
  }
}

extension TrialRunner {
  /// The network that a trial starts from, untrained.
  fileprivate func previewGraph(_ teacher: Graph) throws(TrialError) -> Graph {
    guard case .network(let structure) = spec.start else { return teacher }
    return try freshGraph(structure)
  }
}

extension TrialMeasurement {
  /// What a network counts as it would ship.
  func counts(
    _ graph: Graph
  ) throws(TrialError) -> (parameters: Int, nonZeros: Int, multiplyAdds: Int, fileBytes: Int) {
    let shipped = try shipped(graph)
    return (shipped.parameterCount, nonZeros(shipped), shipped.multiplyAdds, try fileBytes(graph))
  }
}
