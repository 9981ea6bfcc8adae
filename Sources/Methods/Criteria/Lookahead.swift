import Graphs
import Ops
public import Settings
import Tensors

/// Scores weights by the change that the product of three layers' matrices has without them.
public struct Lookahead: Saliency {
  /// The name in recipes: `lookahead`.
  public static let name = "lookahead"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "absolute weights times the norms of what makes and what reads the channels they join",
    description: """
      A weight joins an input channel to an output channel. Without it, the product of the matrices of its layer and \
      its two neighbours changes by the weight's size, times the norm of the weights that make the input channel, \
      times the norm of the weights that read the output channel. Batch norms in between count with their scale over \
      the standard deviation; activations are ignored; at sums and concatenations the weights of all branches count \
      together. Inputs and outputs of the network have a norm of 1. A unit of several weights has the Euclidean norm \
      over them. Single weights are compared across layers by their scores as they are; scores of larger units are \
      divided by the mean score of their layer first.
      """,
    formula:
      "score = |w|·|W[l-1] that makes the input channel|·|W[l+1] that reads the output channel|, Frobenius norms",
    paper: """
      Park, Lee, Mo, Shin, "Lookahead: a far-sighted alternative of magnitude-based pruning", 2020, arXiv:2002.04809
      """)
  /// Single weights, kernels and blocks.
  public static let kinds: Set<UnitKind> = [.element, .kernel, .block]

  /// Creates it; there are no settings.
  public init() {}

  /// There are no settings.
  public static var settings: [Setting<Lookahead>] { [] }

  /// √Σ (w·|made|·|read|)² over each unit, with the norms of the weights that make and read its channels.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let graph = context.graph
    let weights = context.weights(of: sets, .making)
    let strengths = ChannelStrengths(graph)
    let nodes = Dictionary(graph.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return sets.map { set in
      let squares = set.sums(.making) { name in
        guard let weight = weights[name], let node = ParameterRole.split(name).flatMap({ nodes[$0.node] }),
          let made = strengths.incoming[node.inputs.first ?? ""], let read = strengths.outgoing[node.name]
        else { return nil }
        let layer = ProductShape(node, weight.shape)
        return { element in
          let value = Double(weight.values[element])
          return value * value * made[layer.input(of: element)] * read[layer.output(of: element)]
        }
      }
      return squares.map { $0.squareRoot() }
    }
  }
}
