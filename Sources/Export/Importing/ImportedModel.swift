public import Graphs

/// The choices where a file of another program lacks information.
public struct ImportOptions: Sendable {
  /// The normalization of pixels, in place of the file's.
  public var normalization: InputNormalization?
  /// True if a file without a normalization is refused; else pixels are used unchanged.
  public var needsNormalization: Bool

  /// Makes options.
  public init(normalization: InputNormalization? = nil, needsNormalization: Bool = true) {
    self.normalization = normalization
    self.needsNormalization = needsNormalization
  }
}

extension ImportOptions {
  /// Makes options from a normalization as text that was checked before; an invalid text counts as missing.
  public init(text: String?) { self.init(normalization: text.flatMap { try? InputNormalization($0) }) }
}

/// A model that was read from a file of any format.
public struct ImportedModel: Sendable, Equatable {
  /// The network with its classes and input.
  public var model: Model
  /// True if the file names the classes; else they are numbers.
  public var namesClasses: Bool
  /// True if the file or the options contain the normalization of pixels.
  public var isNormalizationKnown: Bool
  /// Changes that reading made to the network, as text that follows the file's name.
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

  /// The model with the class names of a data set, in its order, where the file has none.
  ///
  /// Most networks are trained on classes in alphabetical order. The model is unchanged where the numbers of
  /// classes differ.
  public func namingClasses(_ names: [String]) -> Model {
    guard !namesClasses, names.count == model.classes.count else { return model }
    var named = model
    named.classes = names
    return named
  }
}
