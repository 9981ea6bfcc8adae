/// The effect of an op on the numbers that it reads, for devices that store values as integers.
public enum ValueFlow: Sendable, Equatable {
  /// It makes new numbers: the output needs its own encoding (convolution, sum, average pooling).
  case computing
  /// It bounds every number (ReLU): the op before it can do that as it stores its output.
  case clamping
  /// It passes on numbers of its only input: the output has the input's encoding (max pooling, flattening).
  case moving
  /// In inference its output is its input: nothing is stored (dropout).
  case vanishing
}

/// The place where a device keeps a value.
public enum ValuePlace: Sendable, Equatable {
  /// In memory, with its own encoding.
  case stored
  /// In memory, with the encoding of another value, which is `stored`.
  case alike(String)
  /// In no memory: the named clamp, the value's only reader, is computed along with it.
  case fused(into: String)
  /// In the memory of another value, which it equals in inference and which is `stored` or `alike`.
  case same(as: String)
}

extension Graph {
  /// The place where a device that stores integers keeps each value, inputs of the graph included.
  ///
  /// A computed value whose only reader is a clamp is fused into that clamp, and has its range. Outputs of
  /// the graph are not fused.
  public func valuePlaces() -> [String: ValuePlace] {
    var readers: [String: [Node]] = [:]
    for node in nodes {
      for input in Set(node.inputs) { readers[input, default: []].append(node) }
    }
    var places = Dictionary(
      inputs.map { ($0.name, ValuePlace.stored) }, uniquingKeysWith: { first, _ in first })
    for node in nodes {
      switch node.op.valueFlow {
      case .clamping: places[node.name] = .stored
      case .computing:
        let only = readers[node.name].flatMap { $0.count == 1 && !outputs.contains(node.name) ? $0[0] : nil }
        if let only, only.op.valueFlow == .clamping {
          places[node.name] = .fused(into: only.name)
        } else {
          places[node.name] = .stored
        }
      case .moving: places[node.name] = .alike(Self.root(of: node.inputs[0], places))
      case .vanishing: places[node.name] = .same(as: node.inputs[0])
      }
    }
    return places
  }

  /// The stored value whose numbers a value holds, directly or through moves and dropouts.
  private static func root(of value: String, _ places: [String: ValuePlace]) -> String {
    switch places[value] {
    case .alike(let source): source
    case .same(let source): root(of: source, places)
    case .stored, .fused, nil: value
    }
  }

  /// The encoding with which a device reads a value: its own, or that of the value that it equals in
  /// inference.
  public func storedEncoding(of value: String) -> (any ValueEncoding)? {
    if let encoding = values[value] { return encoding }
    guard let node = node(named: value), node.op.valueFlow == .vanishing else { return nil }
    return storedEncoding(of: node.inputs[0])
  }

  /// True if every value in a device's memory has an encoding, its own or that of the value in `alike`.
  ///
  /// Inference then computes what an integer device would.
  public var hasEncodedValues: Bool {
    valuePlaces().allSatisfy { name, place in
      switch place {
      case .stored: values[name] != nil
      case .alike(let source): storedEncoding(of: name) != nil || storedEncoding(of: source) != nil
      case .fused, .same: true
      }
    }
  }
}
