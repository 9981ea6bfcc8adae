import Graphs
import Ops
import Tensors

/// The end of an imported network as Condense needs it: logits of at least two classes, without a softmax.
struct ONNXScores {
  /// The network, whose first output is logits.
  let graph: Graph
  /// True if the file has one output for two classes.
  let isOneOutput: Bool
  /// The changes in words.
  let notes: [String]

  /// Takes outputs that are logits already, as Condense writes them.
  init(asTheyAre network: Graph) {
    graph = network
    isOneOutput = false
    notes = []
  }

  /// Removes a softmax or sigmoid at the end, and turns one output into two classes.
  ///
  /// `names` are the classes of the file. One output with one named class stays one output, unless a sigmoid
  /// makes it a yes or no.
  init(_ network: Graph, names: [String]?) throws(ONNXFileProblem) {
    let stripped = try Self.rewritten { () throws(GraphError) in try network.withoutProbabilities() }
    var graph = stripped?.graph ?? network
    let isOne = graph.outputs.first.flatMap { graph.shape(of: $0) } == Shape([1, 1])
    if isOne, stripped?.removed is Softmax {
      throw .output(
        reason: "a softmax over one output is 1 whatever the image; export a sigmoid, or an output a class")
    }
    isOneOutput = isOne && (stripped != nil || names?.count != 1)
    var notes: [String] = []
    if isOneOutput {
      let single = graph
      graph = try Self.rewritten { () throws(GraphError) in try single.withTwoScores() }
      notes.append(
        "has one output, taken as the score of the second of two classes: beyond \(stripped == nil ? "0" : "0.5") "
          + "it is the second; written again it has two outputs, whose softmax gives both probabilities")
    } else if stripped?.removed is Sigmoid {
      notes.append(
        "ends in a sigmoid of each class; its scores before that are taken, and as an image has one class here, probabilities "
          + "are their softmax and not the file's")
    } else if stripped != nil {
      notes.append(
        "ends in a softmax; its scores before that are trained, compressed and exported, and their softmax gives the "
          + "file's probabilities")
    }
    self.graph = graph
    self.notes = notes
  }

  private static func rewritten<Result>(
    _ body: () throws(GraphError) -> Result
  ) throws(ONNXFileProblem) -> Result {
    do throws(GraphError) { return try body() } catch { throw .output(reason: "\(error)") }
  }

  /// The names of the classes; a single name of a network with one output is that of the second class.
  func classes(named names: [String]?) -> [String]? {
    guard isOneOutput, let names, names.count == 1 else { return names }
    return ["not \(names[0])", names[0]]
  }
}
