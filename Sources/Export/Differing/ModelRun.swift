public import Tensors

/// A model in a program that runs it: in Condense, in another runtime, or as exported C.
public protocol ModelRun {
  /// The description of the program.
  var method: String { get }
  /// True if values are integers, which may differ by one step where programs round differently.
  var isInteger: Bool { get }
  /// The first output for images `[images, channels, height, width]`, image by image.
  func outputs(of images: Tensor) throws -> [Float]
  /// The values of layers for one image `[1, channels, height, width]`, in execution order.
  func layers(of image: Tensor) throws -> [RunLayer]
}

/// The values of one layer for an image.
public struct RunLayer: Sendable, Equatable {
  /// The layer's name in the network.
  public let name: String
  /// The shape for one image: `[channels, height, width]` or `[features]`.
  public let shape: Shape
  /// The values, row-major.
  public let values: [Float]
  /// The difference of neighbouring numbers that the layer can store; `nil` for floats.
  public let step: Float?

  /// Makes the values of a layer.
  public init(name: String, shape: Shape, values: [Float], step: Float? = nil) {
    self.name = name
    self.shape = shape
    self.values = values
    self.step = step
  }

  /// Makes the values of a layer from values with channels last.
  init(name: String, channelsLast extents: [Int], values: [Float], step: Float?) {
    guard extents.count == 3 else {
      self.init(name: name, shape: Shape(extents), values: values, step: step)
      return
    }
    let (rows, columns, channels) = (extents[0], extents[1], extents[2])
    let turned = (0..<channels).flatMap { channel in
      (0..<rows * columns).map { values[$0 * channels + channel] }
    }
    self.init(name: name, shape: [channels, rows, columns], values: turned, step: step)
  }
}
