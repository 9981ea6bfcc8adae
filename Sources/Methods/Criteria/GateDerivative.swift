public import Settings

/// Scores channels by the squared derivative of the loss by a gate of 1 behind their last norm.
public struct GateDerivative: Saliency {
  /// The name in recipes: `taylor-gate`.
  public static let name = "taylor-gate"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "the squared derivative of the loss by a gate behind a channel's norm",
    description: """
      A gate of strength 1 multiplies the channel after its norm, shift included. The derivative of the loss by the \
      gate says how fast the loss changes when the channel fades. It is the sum of gradient times parameter over the \
      norm's scale and shift, or over the weights and the bias of a layer without a norm behind it. Coupled channels \
      have one gate; it stands after the last norm or layer of each of their paths, so that no path counts twice. If \
      everything behind the gate is linear or a rectifier, the score equals that of taylor, which sums over the \
      weights that read the channel.
      """,
    formula: "score = mean over batches of (dloss/dz at z = 1)^2, dloss/dz = sum of g·p over scale and shift",
    paper: """
      Molchanov, Mallya, Tyree, Frosio, Kautz, "Importance estimation for neural network pruning", 2019, \
      arXiv:1906.10771, its gates after batch norms
      """)
  /// Channels alone.
  public static let kinds: Set<UnitKind> = [.channel]

  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Looks at as many images as the method.
  public init() {}

  /// Settings: `images`.
  public static var settings: [Setting<GateDerivative>] { [SaliencyCatalogue.imagesSetting(\.images)] }

  /// Gradients.
  public var evidence: Set<EvidenceKind> { [.gradients] }

  /// The mean over batches of (Σ g·p)² over scale and shift, or over weights and bias without a norm.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    try context.meanChanges(of: sets, .gating, images: images) { $2 * $2 }
  }
}
