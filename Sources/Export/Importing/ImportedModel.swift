public import Graphs

/// What to do where a file of another program is silent.
public struct ImportOptions: Sendable {
  /// How pixels become the input, in place of what the file says.
  public var normalization: InputNormalization?
  /// Whether a file that does not say it is refused; else pixels are taken as they are.
  public var needsNormalization: Bool

  /// Makes options.
  public init(normalization: InputNormalization? = nil, needsNormalization: Bool = true) {
    self.normalization = normalization
    self.needsNormalization = needsNormalization
  }
}

extension ImportOptions {
  /// Options with a normalization as text, which was read before; one that is none counts as missing.
  public init(text: String?) { self.init(normalization: text.flatMap { try? InputNormalization($0) }) }
}

/// A model that was read from a file of any kind.
public struct ImportedModel: Sendable, Equatable {
  /// The network and what is known of it.
  public var model: Model
  /// Whether the file names the classes; else they are numbers.
  public var namesClasses: Bool
  /// Whether file or options say how pixels become the input.
  public var isNormalizationKnown: Bool
  /// What reading changed of the network, in words that follow the file's name.
  public var notes: [String]

  /// Makes a result.
  public init(
    model: Model, namesClasses: Bool = true, isNormalizationKnown: Bool = true,
    notes: [String] = []
  ) {
    self.model = model
    self.namesClasses = namesClasses
    self.isNormalizationKnown = isNormalizationKnown
    self.notes = notes
  }

  /// The model with the classes of a data set, in its order, where the file does not name them.
  ///
  /// Networks are trained on classes in alphabetical order almost everywhere; the numbers must agree.
  public func namingClasses(_ names: [String]) -> Model {
    guard !namesClasses, names.count == model.classes.count else { return model }
    var named = model
    named.classes = names
    return named
  }
}
