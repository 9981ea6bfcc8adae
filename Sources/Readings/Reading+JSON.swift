/// The form of a reading in files.
///
/// The oldest resources have their own keys: `flashBytes`, `ramBytes`, `latencyMs` with `low` and `high`,
/// `energyMicrojoules` with `energyLow` and `energyHigh`, `energyPerDayJoules`, `cycles: {min, mean, max}`.
/// All others stand by name under `resources`, with their descriptions:
/// `{value, low, high, unit, better, title, standing}`.
extension Reading: Codable {
  /// Reads a reading; throws for unknown bases and for resources whose names are no plain words.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: Key.self)
    self.init(basis: .modelled, [:], fits: try keys.decode(Bool.self, forKey: "fits"))
    bases = try Self.bases(keys)
    reason = try keys.decodeIfPresent(String.self, forKey: "reason")
    method = try keys.decodeIfPresent(String.self, forKey: "method")
    relativeError = try keys.decodeIfPresent(Double.self, forKey: "relativeError")
    memory = try keys.decodeIfPresent(Memory.self, forKey: "memory")
    layers = try keys.decodeIfPresent([Layer].self, forKey: "layers")
    imagesSimulated = try keys.decodeIfPresent(Int.self, forKey: "imagesSimulated")
    imagesUnequal = try keys.decodeIfPresent(Int.self, forKey: "imagesUnequal")
    note = try keys.decodeIfPresent(String.self, forKey: "note")
    unpruned = try keys.decodeIfPresent(Unpruned.self, forKey: "unpruned")
    origin = try keys.decodeIfPresent(String.self, forKey: "origin")
    for resource in Resource.first { figures[resource] = try resource.figure(in: keys) }
    guard keys.contains("resources") else { return }
    let others = try keys.nestedContainer(keyedBy: Key.self, forKey: "resources")
    for key in others.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
      let described = try others.decode(DescribedFigure.self, forKey: key)
      figures[try described.resource(key, others)] = described.figure
    }
  }

  /// Writes a reading; values that are `nil` are left out.
  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: Key.self)
    try keys.encode(fits, forKey: "fits")
    try keys.encode(basis, forKey: "basis")
    try keys.encodeIfPresent(reason, forKey: "reason")
    try keys.encodeIfPresent(method, forKey: "method")
    try keys.encodeIfPresent(relativeError, forKey: "relativeError")
    try keys.encodeIfPresent(memory, forKey: "memory")
    try keys.encodeIfPresent(layers, forKey: "layers")
    try keys.encodeIfPresent(imagesSimulated, forKey: "imagesSimulated")
    try keys.encodeIfPresent(imagesUnequal, forKey: "imagesUnequal")
    try keys.encodeIfPresent(note, forKey: "note")
    try keys.encodeIfPresent(unpruned, forKey: "unpruned")
    try keys.encodeIfPresent(origin, forKey: "origin")
    for resource in Resource.first { try resource.encode(figures[resource], into: &keys) }
    let others = resources.filter { !Resource.first.contains($0) }
    guard !others.isEmpty else { return }
    var named = keys.nestedContainer(keyedBy: Key.self, forKey: "resources")
    for resource in others {
      guard let figure = figures[resource] else { continue }
      try named.encode(DescribedFigure(resource, figure), forKey: Key(stringValue: resource.name))
    }
  }

  /// The bases in the text of `basis`.
  private static func bases(_ keys: KeyedDecodingContainer<Key>) throws -> Set<Basis> {
    let text = try keys.decode(String.self, forKey: "basis")
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let bases = words.compactMap(Basis.init(rawValue:))
    guard bases.count == words.count else {
      throw DecodingError.dataCorruptedError(
        forKey: "basis", in: keys,
        debugDescription:
          "expected \(Basis.allCases.map(\.rawValue).joined(separator: ", ")), found \"\(text.prefix(80))\"")
    }
    return Set(bases)
  }
}

extension Resource {
  /// The keys of the value and its bounds in a reading's JSON; newer resources stand below `resources`.
  public var keys: (value: String, low: String, high: String) {
    switch self {
    case .flash: ("flashBytes", "flashBytesLow", "flashBytesHigh")
    case .ram: ("ramBytes", "ramBytesLow", "ramBytesHigh")
    case .latency: ("latencyMs", "low", "high")
    case .energy: ("energyMicrojoules", "energyLow", "energyHigh")
    case .energyPerDay: ("energyPerDayJoules", "energyPerDayJoulesLow", "energyPerDayJoulesHigh")
    case .cycles: ("cycles.mean", "cycles.min", "cycles.max")
    default: ("resources.\(name).value", "resources.\(name).low", "resources.\(name).high")
    }
  }

  /// The figure of a resource with its own keys; `nil` if there is no value.
  fileprivate func figure(in keys: KeyedDecodingContainer<Key>) throws -> Figure? {
    if self == .cycles {
      return try keys.decodeIfPresent(CycleRange.self, forKey: "cycles").map {
        Figure($0.mean, low: $0.min, high: $0.max)
      }
    }
    let names = self.keys
    let value =
      unit.isWhole
      ? try keys.decodeIfPresent(Int.self, forKey: Key(stringValue: names.value)).map(Double.init)
      : try keys.decodeIfPresent(Double.self, forKey: Key(stringValue: names.value))
    return try value.map { value in
      Figure(
        value, low: try keys.decodeIfPresent(Double.self, forKey: Key(stringValue: names.low)),
        high: try keys.decodeIfPresent(Double.self, forKey: Key(stringValue: names.high)))
    }
  }

  fileprivate func encode(_ figure: Figure?, into keys: inout KeyedEncodingContainer<Key>) throws {
    guard let figure else { return }
    guard self != .cycles else {
      let range = CycleRange(
        min: figure.low ?? figure.value, mean: figure.value, max: figure.high ?? figure.value)
      return try keys.encode(range, forKey: "cycles")
    }
    let names = self.keys
    if unit.isWhole, let whole = Int(exactly: figure.value) {
      try keys.encode(whole, forKey: Key(stringValue: names.value))
    } else {
      try keys.encode(figure.value, forKey: Key(stringValue: names.value))
    }
    try keys.encodeIfPresent(figure.low, forKey: Key(stringValue: names.low))
    try keys.encodeIfPresent(figure.high, forKey: Key(stringValue: names.high))
  }
}

/// The clock cycles of images, as files hold them.
private struct CycleRange: Codable {
  var min: Double
  var mean: Double
  var max: Double
}

/// A figure with the description of its resource.
private struct DescribedFigure: Codable {
  private var value: Double
  private var low: Double?
  private var high: Double?
  private var unit: Resource.Unit
  private var better: Resource.Direction
  private var title: String?
  private var standing: Resource.Standing?

  init(_ resource: Resource, _ figure: Figure) {
    (value, low, high) = (figure.value, figure.low, figure.high)
    unit = resource.unit
    better = resource.direction
    title = resource.title == resource.name ? nil : resource.title
    standing = resource.standing == .objective ? nil : resource.standing
  }

  var figure: Figure { Figure(value, low: low, high: high) }

  /// The resource of a key, which must be a plain word, as it becomes part of column names.
  func resource(_ key: Key, _ keys: KeyedDecodingContainer<Key>) throws -> Resource {
    guard key.stringValue.wholeMatch(of: /[A-Za-z][A-Za-z0-9_-]{0,39}/) != nil,
      !Resource.first.contains(where: { $0.name == key.stringValue })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: keys,
        debugDescription:
          "expected a resource's name, a letter and up to 39 letters and digits, that has no key of its own")
    }
    return Resource(
      key.stringValue, title: title, unit, better: better, standing: standing ?? .objective)
  }
}

/// A coding key that is any text.
private struct Key: CodingKey, ExpressibleByStringLiteral {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
  init(stringLiteral text: String) { stringValue = text }
}
