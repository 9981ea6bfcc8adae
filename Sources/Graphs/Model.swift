public import Settings
public import Tensors

/// A network with what is needed to use it: class names, how pixels become its input, and where it came from.
public struct Model: Sendable, Equatable {
  /// The most classes that a model may tell apart: tables of classes by classes stay within memory.
  public static let maximumClasses = 10_000

  /// The network with its parameters.
  public var graph: Graph
  /// The class that each logit stands for.
  public var classes: [String]
  /// How pixels become the network's input.
  public var input: InputDescription
  /// How the data set was split, so that `evaluate` scores images that were not trained on.
  public var split: SettingsNode
  /// How the model was made: network, data digest, seed, threads, precision, instruction set, settings, versions.
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

/// How pixels become a network's input: resized to `shape`, then `(pixel - mean) / deviation` per channel.
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
