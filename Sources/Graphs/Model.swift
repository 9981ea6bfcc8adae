public import Settings
public import Tensors

/// A network with what is needed to use it: class names, how pixels become its input, and where it came from.
public struct Model: Sendable, Equatable {
  /// The most classes that a model may tell apart, so that tables of classes by classes fit into memory.
  public static let maximumClasses = 10_000

  /// The network with its parameters.
  public var graph: Graph
  /// The class that each logit stands for.
  public var classes: [String]
  /// The conversion of pixels to the network's input.
  public var input: InputDescription
  /// The split of the data set, so that `evaluate` scores images that were not trained on.
  public var split: SettingsNode
  /// The origin of the model: network, data digest, seed, threads, precision, instruction set, settings,
  /// versions.
  public var provenance: SettingsNode

  /// Makes a model.
  public init(
    graph: Graph, classes: [String], input: InputDescription, split: SettingsNode, provenance: SettingsNode
  ) {
    self.graph = graph
    self.classes = classes
    self.input = input
    self.split = split
    self.provenance = provenance
  }
}

/// The conversion of pixels to a network's input.
///
/// Images are resized to `shape`, then each channel becomes `(pixel - mean) / deviation`.
public struct InputDescription: Sendable, Equatable {
  /// `[C, H, W]`, C being 1 (grey) or 3 (RGB).
  public var shape: Shape
  /// The mean of each channel over the training pixels, 0…255.
  public var mean: [Float]
  /// The standard deviation of each channel over the training pixels, in the same units; positive.
  public var deviation: [Float]

  /// Makes a description.
  public init(shape: Shape, mean: [Float], deviation: [Float]) {
    self.shape = shape
    self.mean = mean
    self.deviation = deviation
  }
}
