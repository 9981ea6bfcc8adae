public import Graphs
public import Settings

/// A way to make a network smaller: a pure function from graph to graph, with settings.
///
/// A method is one file in the folder of its family and one line in `MethodCatalogue`. It neither trains nor
/// measures: stages do. Its documentation is a value in its file, from which `condense explain` prints.
public protocol CompressionMethod: NamedKind {
  /// The family that rankings show it in.
  static var family: MethodFamily { get }
  /// The kind of change, and so the method's place in a pipeline.
  static var order: PipelineOrder { get }
  /// Changes when results change; part of a trial's address.
  static var revision: Int { get }
  /// The text that `condense explain` prints, besides the settings.
  static var documentation: MethodDocumentation { get }

  /// The times during a stage's training at which the method acts.
  var pacing: Pacing { get }
  /// True if it acts once more after the stage's training, with a progress of 1.
  ///
  /// That last step removes parts that act in training alone.
  var settles: Bool { get }
  /// The knowledge of the network that it needs besides the weights.
  var evidence: Set<EvidenceKind> { get }
  /// The setting for the strength of the compression, which goals raise; `nil` if there is none.
  ///
  /// Raising it never makes the student larger.
  static var strength: WritableKeyPath<Self, Double>? { get }

  /// Bits of the weights of most layers afterwards; `nil` if it leaves them as they are.
  var weightBits: Int? { get }

  /// The method that removes as much by chance, for the control row; `nil` if there is none.
  var randomControl: (any CompressionMethod)? { get }

  /// The name of the target whose cost model judges layers; `nil` for none.
  var target: String? { get }

  /// The names of the layers that lose the same channels as a node, itself among them.
  ///
  /// For most methods that is the node alone.
  func layersTied(to node: Node, in graph: Graph) -> [String]
  /// Says if the method would change a node, or why not, for `condense plan`; shapes alone decide.
  func applicability(to node: Node, in graph: Graph) -> Applicability
  /// The compressed network.
  ///
  /// `compression.progress` is 0...1 through a paced stage and 1 for `Pacing.once`. Throws if nothing would
  /// change, if a layer is impossible, and if evidence is missing.
  func compress(_ compression: inout Compression<Self>) throws -> Rewrite
}

extension CompressionMethod {
  /// The summary of the method's documentation.
  public static var summary: String { documentation.summary }
  /// Acts once, before the stage's training.
  public var pacing: Pacing { .once }
  /// Does not act after the training.
  public var settles: Bool { false }
  /// Needs nothing besides the weights.
  public var evidence: Set<EvidenceKind> { [] }
  /// Has no single number for the strength.
  public static var strength: WritableKeyPath<Self, Double>? { nil }
  /// Has no random control.
  public var randomControl: (any CompressionMethod)? { nil }
  /// Leaves the bits of weights as they are.
  public var weightBits: Int? { nil }
  /// Asks no target.
  public var target: String? { nil }
  /// The node alone.
  public func layersTied(to node: Node, in graph: Graph) -> [String] { [node.name] }

  /// Runs a part of another method, which uses this one, and throws this one's errors as the other's.
  static func errors<R>(as name: String, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as MethodError {
      throw error.of(name)
    } catch let error as Located where error.place == Self.name {
      throw Located(name, error.underlying)
    }
  }
}

/// The kind of change that a method makes.
///
/// A pipeline goes through these in order: a later change of a lower order would undo an earlier one, as
/// pruning channels undoes a calibration.
public enum PipelineOrder: Int, Sendable, Comparable {
  /// Changes nodes and shapes: filters, factorization, whole channels.
  case structure
  /// Decides which weights are zero.
  case sparsity
  /// Decides which weights share a number.
  case sharing
  /// Puts weights and activations on grids of numbers.
  case values

  /// True if `a` comes earlier in a pipeline.
  public static func < (a: PipelineOrder, b: PipelineOrder) -> Bool { a.rawValue < b.rawValue }
}

/// The families that the ranking compares.
public enum MethodFamily: String, Sendable, CaseIterable, SettingChoice {
  /// One family each; distillation is of objectives, the others are of methods.
  case distillation, filters, factorization, pruning, quantization
}

/// The times at which a method acts during its stage.
public enum Pacing: Sendable, Equatable {
  /// Before the stage's training.
  case once
  /// In `times` equal steps over the first `share` of the stage's training; the first step is before it.
  case gradual(times: Int, share: Double)
}

/// A kind of knowledge that a method may need.
public enum EvidenceKind: String, Sendable {
  /// Gradients of the loss by parameters, batch by batch.
  case gradients
  /// Values between nodes, batch by batch.
  case activations
  /// Gradients of single images' losses, of which the empirical Fisher information is made.
  case imageGradients
  /// Products of the loss's Hessian with directions.
  case hessianProducts
  /// Mean losses of changed networks.
  case losses
  /// Weights at initialization.
  case initialWeights
  /// The cost of networks on a target.
  case latency
}

/// Applicable or not: the judgement of a method on a node.
public enum Applicability: Sendable, Equatable {
  /// The method changes the node.
  case applicable
  /// The method leaves the node as it is, for a reason.
  case notApplicable(reason: String)
}

/// The description of a method in words.
public struct MethodDocumentation: Sendable {
  /// One line for `condense list methods`.
  public let summary: String
  /// The method in a few sentences.
  public let description: String
  /// The formula, in plain text.
  public let formula: String
  /// The paper: authors, year, title, identifier.
  public let paper: String

  /// Creates a documentation from its four texts.
  public init(summary: String, description: String, formula: String, paper: String) {
    self.summary = summary
    self.description = description
    self.formula = formula
    self.paper = paper
  }
}

/// The reason why a method cannot be applied.
public enum MethodError: Error, Sendable, CustomStringConvertible {
  /// The method would change nothing.
  case nothingToDo(method: String, reason: String)
  /// The method cannot be applied to a node.
  case impossible(method: String, node: String, reason: String)
  /// The evidence that the method needs is missing or useless.
  case evidence(method: String, reason: String)

  /// The same error of another method, which uses the one that threw it.
  func of(_ name: String) -> MethodError {
    switch self {
    case .nothingToDo(_, let reason): .nothingToDo(method: name, reason: reason)
    case .impossible(_, let node, let reason): .impossible(method: name, node: node, reason: reason)
    case .evidence(_, let reason): .evidence(method: name, reason: reason)
    }
  }

  /// The text `METHOD: NODE: REASON`, without the node where there is none.
  public var description: String {
    switch self {
    case .nothingToDo(let method, let reason): "\(method): changes nothing: \(reason)"
    case .impossible(let method, let node, let reason): "\(method): \(node): \(reason)"
    case .evidence(let method, let reason): "\(method): \(reason)"
    }
  }
}
