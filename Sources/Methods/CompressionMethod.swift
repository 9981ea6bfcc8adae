public import Graphs
public import Settings

/// A way to make a network smaller: a pure function from graph to graph, with settings.
///
/// A method is one file in the folder of its family and one line in `MethodCatalogue`. It neither trains nor measures:
/// stages do. Its documentation is a value in its file, from which `condense explain` prints.
public protocol CompressionMethod: NamedKind {
  /// Which family it belongs to.
  static var family: MethodFamily { get }
  /// What the method changes, and so where in a pipeline it may stand.
  static var order: PipelineOrder { get }
  /// Counts changes that give other results: part of a trial's address.
  static var revision: Int { get }
  /// What `condense explain` prints, besides the settings.
  static var documentation: MethodDocumentation { get }

  /// When during a stage's training the method acts.
  var pacing: Pacing { get }
  /// Whether it acts once more, with a progress of 1, when the stage's training is done: to take away what acts in training alone.
  var settles: Bool { get }
  /// What it wants to know of the network besides its weights.
  var evidence: Set<EvidenceKind> { get }
  /// How strong the compression is, for goals: raising it never makes the student larger. `nil` where there is no such
  /// number.
  static var strength: WritableKeyPath<Self, Double>? { get }

  /// Bits of the weights that most layers end with; `nil` where it leaves them as they are.
  var weightBits: Int? { get }

  /// The method that removes as much by chance, for the control row; `nil` where there is no such thing.
  var randomControl: (any CompressionMethod)? { get }

  /// The target whose cost model says what layers are worth, by name; `nil` for none.
  var target: String? { get }

  /// The layers that lose the same channels as a node that the method applies to, itself among them, by name; alone for most.
  func layersTied(to node: Node, in graph: Graph) -> [String]
  /// Whether the method would change a node, or why not: for `condense plan`. Judged on shapes alone.
  func applicability(to node: Node, in graph: Graph) -> Applicability
  /// The compressed network. `compression.progress` is 0…1 through a paced stage and 1 for `Pacing.once`.
  func compress(_ compression: inout Compression<Self>) throws -> Rewrite
}

extension CompressionMethod {
  public static var summary: String { documentation.summary }
  public var pacing: Pacing { .once }
  public var settles: Bool { false }
  public var evidence: Set<EvidenceKind> { [] }
  public static var strength: WritableKeyPath<Self, Double>? { nil }
  public var randomControl: (any CompressionMethod)? { nil }
  public var weightBits: Int? { nil }
  public var target: String? { nil }
  public func layersTied(to node: Node, in graph: Graph) -> [String] { [node.name] }

  /// Runs a part of another method, which is made of this one, and throws this one's errors as that one's.
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

/// What a method changes. A pipeline goes through these in order: a later change would undo an earlier one of a higher
/// order, as pruning channels undoes a calibration.
public enum PipelineOrder: Int, Sendable, Comparable {
  /// Nodes and shapes: filters, factorization, whole channels.
  case structure
  /// Which weights are zero.
  case sparsity
  /// Which weights share a number.
  case sharing
  /// Which grids of numbers weights and activations lie on.
  case values

  public static func < (a: PipelineOrder, b: PipelineOrder) -> Bool { a.rawValue < b.rawValue }
}

/// The families that the ranking compares.
public enum MethodFamily: String, Sendable, CaseIterable, SettingChoice {
  case distillation, filters, factorization, pruning, quantization
}

/// When a method acts during its stage.
public enum Pacing: Sendable, Equatable {
  /// Before the stage's training.
  case once
  /// In `times` equal steps over the first `share` of the stage's training, the first one before it.
  case gradual(times: Int, share: Double)
}

/// What a method may want to know.
public enum EvidenceKind: String, Sendable {
  /// Gradients of the loss by parameters, batch by batch.
  case gradients
  /// Values between nodes, batch by batch.
  case activations
  /// Gradients of single images' losses, image by image: what the empirical Fisher information is made of.
  case imageGradients
  /// Products of the loss's Hessian with directions.
  case hessianProducts
  /// The mean loss of changed networks.
  case losses
  /// Weights at initialization.
  case initialWeights
  /// What networks take on a target.
  case latency
}

/// Whether a method can be applied to a node.
public enum Applicability: Sendable, Equatable {
  /// It changes the node.
  case applicable
  /// It leaves the node as it is, and why.
  case notApplicable(reason: String)
}

/// What a method is, in words.
public struct MethodDocumentation: Sendable {
  /// One line for `condense list methods`.
  public let summary: String
  /// What it does, in a few sentences.
  public let description: String
  /// The formula, in plain text.
  public let formula: String
  /// The paper: authors, year, title, identifier.
  public let paper: String

  /// Makes a documentation.
  public init(summary: String, description: String, formula: String, paper: String) {
    self.summary = summary
    self.description = description
    self.formula = formula
    self.paper = paper
  }
}

/// Why a method cannot do what it is asked to.
public enum MethodError: Error, Sendable, CustomStringConvertible {
  case nothingToDo(method: String, reason: String)
  case impossible(method: String, node: String, reason: String)
  case evidence(method: String, reason: String)

  /// The same of another method, which is made of the one that it was thrown by.
  func of(_ name: String) -> MethodError {
    switch self {
    case .nothingToDo(_, let reason): .nothingToDo(method: name, reason: reason)
    case .impossible(_, let node, let reason): .impossible(method: name, node: node, reason: reason)
    case .evidence(_, let reason): .evidence(method: name, reason: reason)
    }
  }

  /// *where: what; what to do*.
  public var description: String {
    switch self {
    case .nothingToDo(let method, let reason): "\(method): changes nothing: \(reason)"
    case .impossible(let method, let node, let reason): "\(method): \(node): \(reason)"
    case .evidence(let method, let reason): "\(method): \(reason)"
    }
  }
}
