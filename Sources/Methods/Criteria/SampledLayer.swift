import Graphs
import LinearAlgebra
import Ops
import Tensors

/// Samples places of a layer's output: the same places of an image whenever they are asked for.
struct PlaceSampler {
  /// Places in each image.
  let places: Int
  /// The key of the random numbers.
  let key: UInt64

  /// Different places of an image among `count`, ascending; all of them if they are no more than `places`.
  func places(among count: Int, image: Int) -> [Int] {
    guard count > places else { return Array(0..<count) }
    var random = SeededRandom(key: key).refined(by: image)
    var chosen: Set<Int> = []
    while chosen.count < places { chosen.insert(random.below(count)) }
    return chosen.sorted()
  }
}

/// Rows of numbers of equal length.
struct SampledRows {
  let columns: Int
  var values: [Float] = []

  init(columns: Int) { self.columns = columns }

  /// The rows as a matrix.
  var tensor: Tensor { Tensor(values, shape: [columns > 0 ? values.count / columns : 0, columns]) }
}

/// A layer whose inputs are read at sampled places of its output.
protocol PlaceReader {
  /// The value that it reads.
  var value: String { get }
  /// Places of its output in one image.
  var places: Int { get }
  /// Numbers that each place of its output is computed from.
  var columns: Int { get }
  /// Appends the numbers that a place of an image's output is computed from.
  func append(_ place: Int, of image: Int, _ tensor: Tensor, to rows: inout SampledRows)
}

extension PlaceSampler {
  /// The rows that layers read in a network at the sampled places of images, by layer.
  ///
  /// Encodings of values are left out if `real` is true.
  func rows(
    of layers: [any PlaceReader], in graph: Graph, images: Int, real: Bool, _ evidence: any Evidence
  ) throws -> [SampledRows] {
    var rows = layers.map { SampledRows(columns: $0.columns) }
    let names = Set(layers.map(\.value)).sorted()
    guard let any = names.first else { return rows }
    // Images are counted across batches, so the batch size does not change the places.
    var first = 0
    try evidence.forEachActivation(of: names, in: graph, images: images, real: real) { values in
      for (index, layer) in layers.enumerated() {
        guard let tensor = values[layer.value] else { continue }
        for image in 0..<tensor.shape[0] {
          for place in places(among: layer.places, image: first + image) {
            layer.append(place, of: image, tensor, to: &rows[index])
          }
        }
      }
      first += values[any]?.shape[0] ?? 0
    }
    return rows
  }
}

/// A convolution or a linear layer at places of its output.
///
/// It is a matrix of weights `[outputs, columns]` that multiplies the inputs of a place.
struct SampledLayer: PlaceReader {
  let node: Node
  /// The value that it reads.
  let value: String
  /// The name of its weight.
  let weightName: String
  /// Places of its output in one image.
  let places: Int
  /// Numbers that each place of its output is computed from: for each input channel all elements of the
  /// kernel.
  let columns: Int
  private let weight: Tensor
  private let bias: (name: String, values: Tensor)?
  private let isPlain: Bool
  private let shape: Shape
  private let outputWidth: Int
  private let groups: Int

  /// The layers of a graph that read some values, in its order; grouped ones are left out.
  static func all(of graph: Graph, reading values: [String]) -> [SampledLayer] {
    let values = Set(values)
    return ChannelReader.all(of: graph).compactMap { reader in
      let isWhole = (reader.node.op as? any ProductOp)?.groups == 1
      return isWhole && values.contains(reader.value) ? SampledLayer(reader, in: graph) : nil
    }
  }

  /// The layer of a name, which may have groups; `nil` if the node is no such layer.
  static func making(_ value: String, in graph: Graph) -> SampledLayer? {
    let name = ParameterRole.weight.name(of: value)
    guard let node = graph.node(named: value), let input = node.inputs.first,
      let weight = graph.parameters[name]?.projected
    else { return nil }
    return SampledLayer(
      ChannelReader(node: node, parameter: name, value: input, axis: 1, weight: weight), in: graph)
  }

  private init?(_ reader: ChannelReader, in graph: Graph) {
    node = reader.node
    value = reader.value
    weightName = reader.parameter
    weight = reader.weight
    guard let output = graph.shape(of: node.name), let input = graph.shape(of: value),
      let product = node.op as? any ProductOp, product is Conv2D || input.rank == 2
    else { return nil }
    places = output.spatialCount
    outputWidth = output.rank > 3 ? output[3] : 1
    groups = product.groups
    columns = weight.values.count / weight.shape[0] * groups
    shape = input
    let name = ParameterRole.bias.name(of: node.name)
    bias = graph.parameters[name].map { (name, $0.projected) }
    isPlain = [weightName, name].allSatisfy {
      graph.parameters[$0].map { $0.encoding is Dense } ?? true
    }
  }

  private var outputs: Int { weight.shape[0] }
  /// Columns of one channel.
  private var taps: Int { columns / weight.shape[1] }
  /// The weight as `[outputs, columns]`; only for layers without groups.
  private var matrix: Tensor { weight.reshaped([outputs, columns]) }

  /// The weight with zeros where it reads some channels.
  func weight(without channels: Set<Int>) -> Tensor {
    var weight = weight
    for i in weight.values.indices where channels.contains(i % columns / taps) { weight.values[i] = 0 }
    return weight
  }

  /// Appends the inputs of a place of an image's output.
  func append(_ place: Int, of image: Int, _ tensor: Tensor, to rows: inout SampledRows) {
    let item = image * shape.count
    guard let conv = node.op as? Conv2D else {
      rows.values.append(contentsOf: tensor.values[item..<item + columns])
      return
    }
    conv.appendPatch(at: place, width: outputWidth, of: tensor, image: image, to: &rows)
  }

  /// The mean products of the units' contributions to the outputs: `[units, units]`.
  ///
  /// With X the rows, the products of columns u and v are `(XᵀX ∘ WᵀW)[u, v]`, so outputs need not be
  /// computed.
  func contributions(_ rows: SampledRows, _ set: UnitSet) throws -> [[Double]] {
    var sums = Array(repeating: Array(repeating: 0.0, count: set.count), count: set.count)
    let inputs = rows.tensor
    guard inputs.shape[0] > 0 else { return sums }
    let products = try inputs.exchangingLeadingAxes().multiplied(by: inputs).values
    let weights = try matrix.exchangingLeadingAxes().multiplied(by: matrix).values
    var units = Array(repeating: -1, count: columns)
    for unit in 0..<set.count {
      for channel in set.channels(of: unit)[value] ?? [] {
        for tap in 0..<taps { units[channel * taps + tap] = unit }
      }
    }
    let count = Double(inputs.shape[0])
    for row in 0..<columns where units[row] >= 0 {
      for column in 0..<columns where units[column] >= 0 {
        let place = row * columns + column
        sums[units[row]][units[column]] += Double(products[place]) * Double(weights[place]) / count
      }
    }
    return sums
  }

  /// The weight and bias, by name, that turn the rows `now` into the layer's outputs for the rows `before`.
  ///
  /// Some channels are missing in `now`. With D the change of the weights that stay,
  /// `(XᵀX + e·I)·D = Xᵀ·(Y - X·W)`. Empty if the layer has masks or grids, or there are no rows.
  func fitted(
    before: SampledRows, now: SampledRows, without channels: Set<Int>, ridge: Double
  ) throws -> [String: Tensor] {
    let reduced = weight(without: channels)
    guard isPlain, !now.values.isEmpty else { return [:] }
    let target = try before.tensor.multiplied(by: matrix.exchangingLeadingAxes())
    let made = try now.tensor.multiplied(by: reduced.reshaped([outputs, columns]).exchangingLeadingAxes())
    let rest = Tensor(zip(target.values, made.values).map { $0 - $1 }, shape: target.shape)
    let kept = (0..<columns).filter { !channels.contains($0 / taps) }
    guard let change = try change(of: now.tensor.gathering(kept, axis: 1), to: rest, ridge: ridge) else {
      return [:]
    }
    var fitted = reduced
    for (row, column) in kept.enumerated() {
      for output in 0..<outputs { fitted.values[output * columns + column] += change[row * outputs + output] }
    }
    var result = [weightName: fitted]
    if let bias {
      var values = bias.values
      for output in 0..<outputs { values.values[output] += change[kept.count * outputs + output] }
      result[bias.name] = values
    }
    return result
  }

  /// The weight and bias, by name, that make the nearest to `target [rows, outputs]` from the rows `now`.
  ///
  /// Each group is fitted alone. Empty if the layer has masks or grids, or there are no rows.
  func fitted(to target: SampledRows, reading now: SampledRows, ridge: Double) throws -> [String: Tensor] {
    guard isPlain, !now.values.isEmpty else { return [:] }
    var (fitted, biases) = (weight, bias?.values ?? Tensor(zeros: [outputs]))
    let (width, height) = (columns / groups, outputs / groups)
    for group in 0..<groups {
      let rows = Array(group * height..<(group + 1) * height)
      let inputs = now.tensor.gathering(Array(group * width..<(group + 1) * width), axis: 1)
      let own = weight.gathering(rows, axis: 0).reshaped([height, width])
      let made = try inputs.multiplied(by: own.exchangingLeadingAxes())
      let wanted = target.tensor.gathering(rows, axis: 1)
      let rest = Tensor(
        wanted.values.indices.map { i in
          wanted.values[i] - made.values[i] - biases.values[rows[i % height]]
        }, shape: made.shape)
      guard let change = try change(of: inputs, to: rest, ridge: ridge) else { continue }
      for (place, output) in rows.enumerated() {
        for column in 0..<width { fitted.values[output * width + column] += change[column * height + place] }
        if bias != nil { biases.values[output] += change[width * height + place] }
      }
    }
    var result = [weightName: fitted]
    if let bias { result[bias.name] = biases }
    return result
  }

  /// The change of weights `[columns, outputs]`, with that of the bias behind them, that adds `rest` to the
  /// outputs.
  ///
  /// `nil` if all inputs are zero.
  private func change(of inputs: Tensor, to rest: Tensor, ridge: Double) throws -> [Float]? {
    let inputs = bias == nil ? inputs : inputs.appendingOnes()
    let transposed = try inputs.exchangingLeadingAxes()
    var products = try transposed.multiplied(by: inputs)
    let order = inputs.shape[1]
    let trace = (0..<order).reduce(0) { $0 + Double(products.values[$1 * order + $1]) }
    guard trace > 0 else { return nil }
    for i in 0..<order { products.values[i * order + i] += Float(ridge * trace / Double(order)) }
    return try products.cholesky().solve(try transposed.multiplied(by: rest)).values
  }
}

extension Conv2D {
  /// Appends the inputs of a place of an image's output: the elements under the kernel, channel by channel.
  ///
  /// `width` is the width of the output. Elements outside the image are zeros.
  func appendPatch(at place: Int, width: Int, of tensor: Tensor, image: Int, to rows: inout SampledRows) {
    let (channels, rowCount, columnCount) = (tensor.shape[1], tensor.shape[2], tensor.shape[3])
    let item = image * channels * rowCount * columnCount
    let top = place / width * stride.height - padding.height
    let left = place % width * stride.width - padding.width
    for channel in 0..<channels {
      for row in 0..<kernel.height {
        for column in 0..<kernel.width {
          let (y, x) = (top + row * dilation.height, left + column * dilation.width)
          let isInside = y >= 0 && y < rowCount && x >= 0 && x < columnCount
          rows.values.append(isInside ? tensor.values[item + (channel * rowCount + y) * columnCount + x] : 0)
        }
      }
    }
  }
}

extension Tensor {
  /// The matrix with a column of ones behind its last.
  fileprivate func appendingOnes() -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    var result: [Float] = []
    result.reserveCapacity(rows * (columns + 1))
    for row in 0..<rows { result += values[row * columns..<(row + 1) * columns] + [1] }
    return Tensor(result, shape: [rows, columns + 1])
  }
}
