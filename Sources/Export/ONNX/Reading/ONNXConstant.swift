import Encodings
import Tensors

/// A tensor whose elements are known when a file is read: weights, shapes, and results computed from them.
struct ONNXConstant {
  /// The elements: floats, or integers where `nil` stands for the batch size.
  enum Content {
    case floats([Float])
    case integers([Int?])
  }

  /// The extents; empty for a single element.
  var dims: [Int]
  /// The elements, row-major.
  var content: Content
  /// The type in which the elements are stored; `nil` for computed elements.
  ///
  /// A cast of integers to a wider type keeps it.
  var type: ONNXTensorProto.DataType?
  /// The grid of the numbers, if a `DequantizeLinear` made them and Condense has such a grid.
  var encoding: Integer?

  /// Makes a constant.
  init(
    dims: [Int], content: Content, type: ONNXTensorProto.DataType? = nil, encoding: Integer? = nil
  ) {
    self.dims = dims
    self.content = content
    self.type = type
    self.encoding = encoding
  }

  /// The number of elements.
  var count: Int {
    switch content {
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }

  /// The elements as floats; `nil` if one is the batch size.
  var floats: [Float]? {
    switch content {
    case .floats(let values): return values
    case .integers(let values):
      let known = values.compactMap { $0 }
      return known.count == values.count ? known.map { Float($0) } : nil
    }
  }

  /// The elements as integers; `nil` for floats.
  var integers: [Int?]? {
    if case .integers(let values) = content { return values }
    return nil
  }

  /// The elements as integers; `nil` for floats, and if one is the batch size.
  var knownIntegers: [Int]? {
    guard let integers else { return nil }
    let known = integers.compactMap { $0 }
    return known.count == integers.count ? known : nil
  }

  /// The only element as a float; `nil` for several elements.
  var scalar: Float? { floats.flatMap { $0.count == 1 ? $0[0] : nil } }

  /// The elements as a tensor.
  var tensor: Tensor? { floats.map { Tensor($0, shape: Shape(dims)) } }

  /// The elements with other extents, whose product must be the same.
  func reshaped(_ dims: [Int]) -> ONNXConstant {
    ONNXConstant(dims: dims, content: content, type: type, encoding: dims == self.dims ? encoding : nil)
  }

  /// The elements at some positions.
  func gathering(_ positions: [Int], dims: [Int]) -> ONNXConstant {
    switch content {
    case .floats(let values):
      ONNXConstant(dims: dims, content: .floats(positions.map { values[$0] }), type: type)
    case .integers(let values):
      ONNXConstant(dims: dims, content: .integers(positions.map { values[$0] }), type: type)
    }
  }
}
