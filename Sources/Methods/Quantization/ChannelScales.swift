import Graphs
import Ops
import Tensors

/// Finds channels that can be scaled where they are made and unscaled where they are read, and their factors.
///
/// A factor makes the ranges of weights on both sides equal. Values that are joined by ops that commute with
/// positive factors a channel (rectifiers, pooling, flattening, dropout, sums) have the same factors: a
/// *set*. A set can be scaled if layers of products make and read all of it, so it holds neither an input nor
/// an output of the network.
struct ChannelScales {
  /// The most rounds over all sets.
  private static let rounds = 1_000
  /// The relative change of a factor below which a round is the last.
  private static let tolerance = 1e-6

  /// A layer of products whose weights may be scaled.
  private struct Layer {
    let node: Node
    let product: any ProductOp
    let made: Int
    let read: Int
    /// The largest magnitudes of the weight by row and column.
    var magnitudes: [Double] = []
    var shape: Shape = []
  }

  private var parents: [Int] = []
  private var channels: [Int] = []
  private var isFixed: [Bool] = []
  private var sets: [String: Int] = [:]
  private var layers: [Layer] = []

  /// Finds the sets of a graph; layers that are not free stay as they are.
  ///
  /// Norms that can be folded count as folded. A union-find structure joins values that meet in a sum.
  init(_ graph: Graph, isFree: (_ layer: Node) -> Bool) {
    let folded = Set(graph.foldableBatchNorms().map(\.norm))
    for input in graph.inputs { sets[input.name] = makeSet(graph.shape(of: input.name), fixed: true) }
    for node in graph.nodes {
      let read = node.inputs.compactMap { sets[$0] }
      let shape = graph.shape(of: node.name)
      if let product = node.op as? any ProductOp, isFree(node) {
        let made = makeSet(shape, fixed: false)
        sets[node.name] = made
        layers.append(Layer(node: node, product: product, made: made, read: read[0]))
      } else if Self.commutes(node.op) || folded.contains(node.name) {
        for other in read.dropFirst() { join(read[0], other) }
        sets[node.name] = read[0]
      } else {
        for set in read { isFixed[root(set)] = true }
        sets[node.name] = makeSet(shape, fixed: true)
      }
    }
    for output in graph.outputs {
      if let set = sets[output] { isFixed[root(set)] = true }
    }
  }

  /// True if the op of scaled channels is the op's value, scaled alike.
  private static func commutes(_ op: any Op) -> Bool {
    op is ReLU || op is LeakyReLU || op is MaxPool || op is AveragePool || op is GlobalAveragePool
      || op is Flatten || op is Dropout || op is Upsample || op is Add
  }

  /// Adds a set of one value and returns its number.
  private mutating func makeSet(_ shape: Shape?, fixed: Bool) -> Int {
    parents.append(parents.count)
    channels.append(shape.map { $0.rank > 1 ? $0[1] : 0 } ?? 0)
    isFixed.append(fixed)
    return parents.count - 1
  }

  /// The number by which a set is known after joins.
  private func root(_ set: Int) -> Int { parents[set] == set ? set : root(parents[set]) }

  /// Makes two sets one; it is fixed if either is, or if their channels differ in number.
  private mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (root(a), root(b))
    guard a != b else { return }
    if channels[a] != channels[b] || isFixed[b] { isFixed[a] = true }
    parents[b] = a
  }

  /// The names of the layers that make or read a set that can be scaled.
  var scalable: Set<String> {
    let sets = scalableSets
    return Set(
      layers.filter { sets.contains(root($0.made)) || sets.contains(root($0.read)) }.map(\.node.name))
  }

  /// The sets that can be scaled, in the order in which they are made.
  private var scalableSets: [Int] {
    let read = Set(layers.map { root($0.read) })
    var found: [Int] = []
    for layer in layers {
      let set = root(layer.made)
      if !isFixed[set], read.contains(set), !found.contains(set) { found.append(set) }
    }
    return found
  }

  /// The graph with its channels scaled; `nil` if a weight or bias would not be finite.
  func equalized(_ graph: Graph) -> Graph? {
    var layers = layers
    for index in layers.indices {
      guard let weight = graph[.weight, of: layers[index].node.name]?.projected else { continue }
      layers[index].shape = weight.shape
      layers[index].magnitudes = Self.magnitudes(weight)
    }
    let factors = factors(layers)
    var graph = graph
    for layer in layers {
      let name = layer.node.name
      guard var weight = graph[.weight, of: name] else { continue }
      let taps = weight.value.shape.spatialCount
      for index in weight.value.values.indices {
        let factor = Self.factor(layer, index / taps, factors[root(layer.made)], factors[root(layer.read)])
        if factor != 1 { weight.value.values[index] = Float(Double(weight.value.values[index]) * factor) }
      }
      guard weight.value.values.allSatisfy(\.isFinite) else { return nil }
      graph[.weight, of: name] = weight
      guard let made = factors[root(layer.made)], var bias = graph[.bias, of: name] else { continue }
      for channel in made.indices { bias.value.values[channel] *= Float(made[channel]) }
      guard bias.value.values.allSatisfy(\.isFinite) else { return nil }
      graph[.bias, of: name] = bias
    }
    return graph
  }

  /// The largest magnitude of each kernel of a weight.
  private static func magnitudes(_ weight: Tensor) -> [Double] {
    let taps = weight.shape.spatialCount
    return (0..<weight.values.count / max(taps, 1)).map { element in
      Double(weight.values[element * taps..<(element + 1) * taps].reduce(0) { max($0, $1.magnitude) })
    }
  }

  /// The factor of an element of a weight, by row and column: that of the made channel over that of the read
  /// one.
  private static func factor(_ layer: Layer, _ element: Int, _ made: [Double]?, _ read: [Double]?) -> Double {
    let (row, column) = (element / layer.shape[1], element % layer.shape[1])
    return (made?[row] ?? 1) / (read?[channel(layer, row, column, of: read?.count ?? 1)] ?? 1)
  }

  /// The channel that an element of a weight reads; a flattened channel has several columns.
  private static func channel(_ layer: Layer, _ row: Int, _ column: Int, of channels: Int) -> Int {
    let width = layer.product.groups * layer.shape[1] / max(channels, 1)
    return layer.product.inputChannel(row: row, column: column, of: layer.shape) / max(width, 1)
  }

  /// The factors of the channels, by set.
  ///
  /// Round after round, each set is scaled so that the largest weight that makes a channel equals the largest
  /// that reads it: by √(read/made).
  private func factors(_ layers: [Layer]) -> [Int: [Double]] {
    let order = scalableSets
    var factors = Dictionary(
      order.map { ($0, Array(repeating: 1.0, count: channels[$0])) }, uniquingKeysWith: { first, _ in first })
    let makers = Dictionary(grouping: layers) { root($0.made) }
    let readers = Dictionary(grouping: layers) { root($0.read) }
    for _ in 0..<Self.rounds {
      var change = 0.0
      for set in order {
        let count = channels[set]
        var made = Array(repeating: 0.0, count: count)
        for layer in makers[set] ?? [] {
          let read = factors[root(layer.read)]
          for (element, magnitude) in layer.magnitudes.enumerated() where magnitude > 0 {
            let row = element / layer.shape[1]
            made[row] = max(made[row], magnitude * Self.factor(layer, element, factors[set], read))
          }
        }
        var read = Array(repeating: 0.0, count: count)
        for layer in readers[set] ?? [] {
          let next = factors[root(layer.made)]
          for (element, magnitude) in layer.magnitudes.enumerated() where magnitude > 0 {
            let (row, column) = (element / layer.shape[1], element % layer.shape[1])
            let channel = Self.channel(layer, row, column, of: count)
            read[channel] = max(read[channel], magnitude * Self.factor(layer, element, next, factors[set]))
          }
        }
        for channel in 0..<count where made[channel] > 0 && read[channel] > 0 {
          let step = (read[channel] / made[channel]).squareRoot()
          factors[set]?[channel] *= step
          change = max(change, abs(step - 1))
        }
      }
      if change < Self.tolerance { break }
    }
    return factors
  }
}
