import Graphs
import Ops
import Tensors

/// The layout of a graph's value in the file: the axes of the graph, or parts of them, that make up each axis
/// of the file.
///
/// The batch stays the first axis of both. Files turn, split and join axes; a network has one order, channels
/// first. A mere change of order is kept as a view until a node needs the value itself, so that most changes
/// never become an op.
struct ONNXView: Equatable {
  /// Every `stride`-th index of an axis of the graph's value, `extent` of them.
  struct Part: Equatable {
    let axis: Int
    let stride: Int
    let extent: Int
  }

  /// The parts of each axis of the file after the batch, the slowest first; parts have more than one element.
  private(set) var axes: [[Part]]

  private init(axes: [[Part]]) { self.axes = axes.map(Self.joined) }

  /// The view of a value in the graph's order.
  init(of shape: Shape) {
    axes = shape.dimensions.enumerated().dropFirst().map { axis, extent in
      extent == 1 ? [] : [Part(axis: axis, stride: 1, extent: extent)]
    }
  }

  /// The extents of one image in the file.
  var extents: [Int] { axes.map { $0.reduce(1) { $0 * $1.extent } } }

  /// True if the file has a value of a shape unchanged.
  func isIdentity(of shape: Shape) -> Bool { self == ONNXView(of: shape) }

  /// All parts in the file's order, the slowest first.
  private var parts: [Part] { Self.joined(axes.flatMap(\.self)) }

  /// True if the elements have the graph's order, whatever their extents.
  func isInOrder(of shape: Shape) -> Bool { parts == ONNXView(of: shape).parts }

  /// The same elements with other extents; `nil` where a part of an axis could not be split so.
  func reshaped(_ extents: [Int]) -> ONNXView? {
    var waiting = parts[...]
    var axes: [[Part]] = []
    for extent in extents {
      var left = extent
      var axis: [Part] = []
      while left > 1 {
        guard let part = waiting.popFirst() else { return nil }
        if left % part.extent == 0 {
          axis.append(part)
          left /= part.extent
        } else {
          guard part.extent % left == 0 else { return nil }
          let inner = part.extent / left
          axis.append(Part(axis: part.axis, stride: part.stride * inner, extent: left))
          waiting = [Part(axis: part.axis, stride: part.stride, extent: inner)] + waiting
          left = 1
        }
      }
      axes.append(axis)
    }
    return waiting.isEmpty ? ONNXView(axes: axes) : nil
  }

  /// The view without some axes, as indices with the batch; with `keeping`, they stay with one element each.
  ///
  /// Each must be all rows, all columns or both of an image, or one element; else the result is `nil`. `left`
  /// receives the graph's axes that are removed.
  func reducing(_ named: Set<Int>, of shape: Shape, keeping: Bool, left: inout Set<Int>) -> ONNXView? {
    for position in named {
      guard axes.indices.contains(position - 1) else { return nil }
      for part in axes[position - 1] {
        guard shape.rank == 4, part.axis > 1, part.stride == 1, part.extent == shape[part.axis] else {
          return nil
        }
        left.insert(part.axis)
      }
    }
    let rest = axes.indices.compactMap { position -> [Part]? in
      guard named.contains(position + 1) else { return axes[position] }
      return keeping ? [] : nil
    }
    return ONNXView(axes: rest)
  }

  /// The axes in another order, as indices with the batch, which must stay the first.
  func transposed(_ order: [Int]) -> ONNXView? {
    guard order.first == 0, order.sorted() == Array(0...axes.count) else { return nil }
    return ONNXView(axes: order.dropFirst().map { axes[$0 - 1] })
  }

  /// The position in the file of each axis of the graph's value, both with the batch.
  ///
  /// `nil` unless each axis of the file is a whole axis of the graph.
  func places(of shape: Shape) -> [Int]? {
    guard axes.count == shape.rank - 1 else { return nil }
    var places: [Int?] = [0] + Array(repeating: nil, count: axes.count)
    for (position, axis) in axes.enumerated() where !axis.isEmpty {
      guard axis.count == 1, axis[0].stride == 1, axis[0].extent == shape[axis[0].axis] else { return nil }
      places[axis[0].axis] = position + 1
    }
    var free = axes.indices.filter { axes[$0].isEmpty }.map { $0 + 1 }[...]
    for axis in places.indices where places[axis] == nil { places[axis] = free.popFirst() }
    let known = places.compactMap { $0 }
    return known.count == places.count ? known : nil
  }

  /// The groups of the channel shuffle that gives this order; `nil` for other orders.
  func shuffledGroups(of shape: Shape) -> Int? {
    guard axes.count == shape.rank - 1, axes.count >= 1, axes[0].count == 2,
      axes.dropFirst().elementsEqual(ONNXView(of: shape).axes.dropFirst())
    else { return nil }
    let (member, group) = (axes[0][0], axes[0][1])
    guard member.axis == 1, group.axis == 1, member.stride == 1, group.stride == member.extent,
      member.extent * group.extent == shape[1]
    else { return nil }
    return group.extent
  }

  /// For each element of an image in the file's order, its index in the graph's order.
  func sources(of shape: Shape) -> [Int] {
    var inner = Array(repeating: 1, count: shape.rank)
    for axis in (0..<shape.rank - 1).reversed() { inner[axis] = inner[axis + 1] * shape[axis + 1] }
    var places = [0]
    for part in parts {
      let step = part.stride * inner[part.axis]
      places = places.flatMap { place in (0..<part.extent).map { place + $0 * step } }
    }
    return places
  }

  /// The stretches of elements that the file reorders.
  ///
  /// `extents` are in the graph's order; `order` gives the stretch at each position of the file. No two
  /// stretches are neighbours in both orders.
  func pieces() -> (extents: [Int], order: [Int]) {
    let parts = self.parts
    let inOrder = parts.indices.sorted {
      (parts[$0].axis, -parts[$0].stride) < (parts[$1].axis, -parts[$1].stride)
    }
    var ranks = Array(repeating: 0, count: parts.count)
    for (rank, place) in inOrder.enumerated() { ranks[place] = rank }
    // Runs of neighbours in both orders, by the rank of their first part.
    var runs: [(rank: Int, extent: Int)] = []
    for (place, part) in parts.enumerated() {
      if place > 0, ranks[place] == ranks[place - 1] + 1 {
        runs[runs.count - 1].extent *= part.extent
      } else {
        runs.append((ranks[place], part.extent))
      }
    }
    let sorted = runs.indices.sorted { runs[$0].rank < runs[$1].rank }
    var order = Array(repeating: 0, count: runs.count)
    for (piece, place) in sorted.enumerated() { order[place] = piece }
    return (sorted.map { runs[$0].extent }, order)
  }

  /// Joins neighbouring parts that form a longer part of one axis.
  private static func joined(_ parts: [Part]) -> [Part] {
    var result: [Part] = []
    for part in parts {
      if let last = result.last, last.axis == part.axis, last.stride == part.stride * part.extent {
        result[result.count - 1] = Part(
          axis: part.axis, stride: part.stride, extent: last.extent * part.extent)
      } else {
        result.append(part)
      }
    }
    return result
  }
}

/// A value of the graph that has other axes in the file.
struct ViewedValue: ONNXPending, Equatable {
  let value: String
  let view: ONNXView

  init(value: String, view: ONNXView) {
    self.value = value
    self.view = view
  }

  /// The value in the graph's order.
  init(named value: String, in network: ONNXNetworkBuilder) {
    self.init(value: value, view: ONNXView(of: network.shape(of: value)))
  }

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    let shape = network.shape(of: value)
    if view.isIdentity(of: shape) { return value }
    let extents = view.extents
    if view.isInOrder(of: shape) {
      let op: any Op = extents.count == 1 ? Flatten() : Reshape(shape: extents)
      return try network.append(op, name: name, inputs: [value])
    }
    if let groups = view.shuffledGroups(of: shape) {
      return try network.append(ChannelShuffle(groups: groups), name: name, inputs: [value])
    }
    guard let turns = ONNXTurns(view, of: shape) else {
      throw .because(
        "it reads \(extents.map(String.init).joined(separator: "x")) of turned axes, which are \(shape) with channels first; "
          + "export the network with channels first, or tf2onnx's with --inputs-as-nchw")
    }
    return try turns.append(to: value, under: extents, name: name, &network)
  }
}

/// The inputs of an elementwise node in one order, that of the largest of them.
struct AlignedValues {
  /// The values; a smaller one has extents of one where it is broadcast.
  let values: [String]
  /// The view of the result in the file.
  let view: ONNXView
  /// The file's axis of each axis of the graph.
  let places: [Int]
}

extension ONNXNetworkBuilder {
  /// The value of a name, with its view in the file.
  mutating func viewed(_ name: String?) throws(ONNXRefusal) -> ViewedValue {
    if let pending = try pending(name, as: ViewedValue.self) { return pending }
    if let name, case .pending(let pending) = try value(name), let map = pending as? any ONNXPendingMap {
      let value = try append(map.op, name: freshName(name), inputs: [map.input.value])
      set(name, value, map.input.view)
      return ViewedValue(value: value, view: map.input.view)
    }
    if let norm = try pending(name, as: NormedGroups.self), let name {
      let value = try append(
        norm.op, name: freshName(name), inputs: [norm.input], parameters: norm.parameters)
      set(name, value, norm.view)
      return ViewedValue(value: value, view: norm.view)
    }
    return ViewedValue(named: try made(name), in: self)
  }

  /// The extents of a value in the file, with a batch of 1.
  mutating func fileShape(of name: String?) throws(ONNXRefusal) -> Shape {
    Shape([1] + (try viewed(name).view.extents))
  }

  /// Sets a name of the file to a value with a view.
  mutating func set(_ name: String, _ value: String, _ view: ONNXView) {
    set(
      name,
      view.isIdentity(of: shape(of: value)) ? .made(value) : .pending(ViewedValue(value: value, view: view)))
  }

  /// A value whose axes have at most another order in the file, with their positions; else the value in the
  /// file's order.
  mutating func ordered(
    _ name: String?
  ) throws(ONNXRefusal) -> (value: String, view: ONNXView, places: [Int]) {
    let found = try viewed(name)
    if let places = found.view.places(of: shape(of: found.value)) { return (found.value, found.view, places) }
    if let whole = try untangled(found, name ?? ""),
      let places = whole.view.places(of: shape(of: whole.value))
    {
      return (whole.value, whole.view, places)
    }
    let value = ViewedValue(named: try made(name), in: self)
    return (value.value, value.view, Array(0...value.view.axes.count))
  }

  /// Images with channels last that are parts of other values, such as shuffled ones, made with channels
  /// first.
  ///
  /// `nil` where that is not possible.
  mutating func untangled(_ found: ViewedValue, _ name: String) throws(ONNXRefusal) -> ViewedValue? {
    let shape = shape(of: found.value)
    guard found.view.axes.count == 3, let turned = found.view.transposed([0, 3, 1, 2]),
      turned.isInOrder(of: shape) || turned.shuffledGroups(of: shape) != nil
    else { return nil }
    let value = try ViewedValue(value: found.value, view: turned).made(freshName(name), in: &self)
    return ONNXView(of: self.shape(of: value)).transposed([0, 2, 3, 1]).map {
      ViewedValue(value: value, view: $0)
    }
  }

  /// The inputs of an elementwise node, in the order of the first one with the most elements.
  ///
  /// For a node that broadcasts, values that the file repeats beforehand are taken unrepeated.
  mutating func aligned(_ names: [String], repeating: Bool = false) throws(ONNXRefusal) -> AlignedValues {
    var values: [ViewedValue] = []
    var repeats: [Int: [Int]] = [:]
    for (position, name) in names.enumerated() {
      if repeating, let expanded = try pending(name, as: ExpandedValue.self) {
        values.append(expanded.source)
        repeats[position] = expanded.extents
      } else {
        values.append(try viewed(name))
      }
    }
    func size(_ position: Int) -> (Int, Int) {
      let extents = values[position].view.extents
      return (extents.count, extents.reduce(1, *))
    }
    var leader = 0
    for position in values.indices where size(position) > size(leader) { leader = position }
    // The leader gives the extents, so it must have the file's.
    for (position, extents) in repeats where position == leader || extents != values[leader].view.extents {
      values[position] = ViewedValue(named: try made(names[position]), in: self)
      if size(position) > size(leader) { leader = position }
    }
    let first = try ordered(names[leader])
    var result: [String] = []
    for (position, value) in values.enumerated() {
      result.append(
        position == leader ? first.value : try placed(value, names[position], first.places))
    }
    return AlignedValues(values: result, view: first.view, places: first.places)
  }

  /// A value with its axes in the order of another one.
  private mutating func placed(
    _ found: ViewedValue, _ name: String, _ places: [Int]
  ) throws(ONNXRefusal) -> String {
    guard found.view.axes.count == places.count - 1, let view = found.view.transposed(places) else {
      throw .because(
        "values of \(found.view.axes.count + 1) and \(places.count) axes, expected as many; the batch is the first of each"
      )
    }
    if view.isIdentity(of: shape(of: found.value)) { return found.value }
    return try ViewedValue(value: found.value, view: view).made(freshName(name), in: &self)
  }
}
