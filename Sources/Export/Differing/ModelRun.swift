public import Tensors

/// A model in something that runs it: here, in another program's runtime, or as exported C.
public protocol ModelRun {
  /// What runs the model, in words.
  var method: String { get }
  /// Whether values are kept in integers, of which each step is a difference that rounding makes.
  var isInteger: Bool { get }
  /// The first output for images `[N, C, H, W]`, one image after another.
  func outputs(of images: Tensor) throws -> [Float]
  /// What layers make of one image `[1, C, H, W]`, in the order of computing.
  func layers(of image: Tensor) throws -> [RunLayer]
}

/// What one layer made of an image.
public struct RunLayer: Sendable, Equatable {
  /// The layer's name, as the network has it.
  public let name: String
  /// The extents for one image: channels, rows and columns, or features.
  public let shape: Shape
  /// Row-major.
  public let values: [Float]
  /// The step between the numbers that the layer can store; `nil` of floats.
  public let step: Float?

  /// Makes one.
  public init(name: String, shape: Shape, values: [Float], step: Float? = nil) {
    self.name = name
    self.shape = shape
    self.values = values
    self.step = step
  }

  /// The same of values that lie channels last.
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
