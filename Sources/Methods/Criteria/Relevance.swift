import Graphs
import Ops
public import Settings
import Tensors

/// Scores channels by their relevance to the answers on reference images: layer-wise relevance propagation.
public struct Relevance: Saliency {
  /// The name in recipes: `relevance`.
  public static let name = "relevance"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "share of the network's answers that goes back to a channel (LRP)",
    description: """
      The class that the network answers has a relevance of 1. Each layer passes the relevance of its outputs to its \
      inputs, in proportion to their positive contributions (the z+ rule), so that the total stays the same. Sums \
      and pools divide it by the values of their elements, activations pass it on unchanged, products divide it \
      evenly between both factors; norms are folded into the layers before them. A channel has the relevance that \
      passes through the weights that read it, summed over places and averaged over images. A few reference images \
      are enough; nothing is trained on them. It runs on the slow reference kernels, so keep `images` small. Scores \
      are divided by the mean score of their layer before layers are compared.
      """,
    formula:
      "R_i = sum over outputs j of (a_i·w_ij)+ / (sum over i of (a_i·w_ij)+)·R_j; score = mean over images",
    paper: """
      Yeom et al., "Pruning by explaining: a novel criterion for deep neural network pruning", 2021, arXiv:1912.08881; \
      the rule: Montavon, Lapuschkin, Binder, Samek, Müller, "Explaining nonlinear classification decisions with deep \
      Taylor decomposition", 2017, arXiv:1512.02479
      """)
  /// Channels alone.
  public static let kinds: Set<UnitKind> = [.channel]

  /// Reference images, 1...100,000.
  public var images = 32

  /// Takes thirty-two images.
  public init() {}

  /// Settings: `images`.
  public static var settings: [Setting<Relevance>] {
    [Setting("images", \.images, in: 1...100_000, "reference images to look at")]
  }

  /// Activations.
  public var evidence: Set<EvidenceKind> { [.activations] }

  /// The relevance that goes through the weights that read a channel, as a mean over images.
  ///
  /// Throws for detectors, which give no one answer to an image.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    if let output = context.graph.outputs.first, context.graph.anchorRows(behind: output) != nil {
      throw MethodError.impossible(
        method: Self.name, node: output,
        reason: "a detector gives more than one answer to an image; choose another criterion")
    }
    let messages = try BackwardMessages(context.graph)
    let names = messages.graph.nodes.map(\.name)
    var relevance: [String: [Double]] = [:]
    var seen = 0
    try context.evidence.forEachActivation(of: names, images: images, real: true) { values in
      let count = min(images - seen, values[names[0]]?.shape[0] ?? 0)
      guard count > 0 else { return }
      seen += count
      add(values.mapValues { $0.gathering(Array(0..<count), axis: 0) }, messages, to: &relevance)
    }
    let total = Double(max(seen, 1))
    return sets.map { set in
      set.sums(ofChannels: relevance.filter { set.values(.reading).contains($0.key) }).map { $0 / total }
    }
  }

  /// Adds the relevance of a batch of images, by value and channel.
  private func add(
    _ values: [String: Tensor], _ messages: BackwardMessages, to relevance: inout [String: [Double]]
  ) {
    let graph = messages.graph
    guard let answers = values[graph.outputs[0]] else { return }
    let batch = answers.shape[0]
    var start = Tensor(zeros: answers.shape)
    let count = answers.values.count / batch
    for image in 0..<batch {
      let range = image * count..<(image + 1) * count
      if let best = range.max(by: { answers.values[$0] < answers.values[$1] }) { start.values[best] = 1 }
    }
    messages.send([graph.outputs[0]: start]) { node, output in
      let inputs = node.inputs.map { values[$0] ?? Tensor(zeros: graph.shape(of: $0, batch: batch) ?? []) }
      return Self.step(node, output, inputs, messages)
    } reading: { value, message, _ in
      let sums = message.channelSums()
      relevance[value] = relevance[value].map { zip($0, sums).map { $0 + $1 } } ?? sums
    }
  }

  /// The relevance of a node's inputs by the z+ rule: in proportion to their positive contributions.
  private static func step(
    _ node: Node, _ output: Tensor, _ inputs: [Tensor], _ messages: BackwardMessages
  ) -> [Tensor] {
    if BackwardMessages.isElementwise(node) { return [output.reshaped(inputs[0].shape)] }
    var terms = [
      (inputs: inputs.map { $0.mapping { max($0, 0) } }, parameters: messages.parameters(of: node))
    ]
    if node.op is any ProductOp {
      terms[0].parameters = messages.weights(of: node) { max($0, 0) }
      if inputs[0].values.contains(where: { $0 < 0 }) {
        // A negative input with a negative weight contributes positively too.
        terms.append((inputs.map { $0.mapping { min($0, 0) } }, messages.weights(of: node) { min($0, 0) }))
      }
    }
    let frames = terms.map { BackwardMessages.frame(node.op, $0.inputs, $0.parameters, output: output.shape) }
    // Each of two factors would take all of the relevance.
    let share: Float = node.op is Multiply ? 1 / Float(inputs.count) : 1
    var ratios = output
    for i in ratios.values.indices {
      let sum = frames.reduce(0) { $0 + $1.output.values[i] }
      ratios.values[i] = sum > Float.leastNormalMagnitude.squareRoot() ? share * ratios.values[i] / sum : 0
    }
    var result = inputs.map { Tensor(zeros: $0.shape) }
    for frame in frames {
      for (index, gradient) in BackwardMessages.gradients(node.op, frame, by: ratios).enumerated() {
        for i in gradient.values.indices {
          result[index].values[i] += frame.inputs[index].values[i] * gradient.values[i]
        }
      }
    }
    return result
  }
}
