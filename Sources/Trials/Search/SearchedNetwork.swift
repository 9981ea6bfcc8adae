public import Graphs
public import Networks
public import Settings
public import Tensors
import Training

/// The networks of a space: a specification with variables, and their possible values.
///
/// A specification of a trial holds it, so that the trial can make each of the networks.
public struct SearchedNetwork: Sendable {
  /// The specification with variables.
  public var network: NetworkSpec
  /// The differences of all networks from the specification.
  public var options: NetworkOptions
  /// The variables of the network that are searched.
  public var variables: [SearchVariable]

  /// The number of times that a network is drawn until one can be built.
  private static let draws = 50

  /// Makes a space; variables of methods are left out.
  public init(_ network: NetworkSpec, _ options: NetworkOptions, _ space: SearchSpace) {
    self.network = network
    self.options = options
    variables = space.variables.filter { $0.stage == nil }
  }

  /// The network of some values of the variables, without parameters.
  public func graph(_ values: [String: SettingsNode]) throws(NetworkError) -> Graph {
    var options = options
    options.variables.merge(values) { $1 }
    return try network.build(options: options)
  }

  /// The network whose variables have their largest values.
  public func largest() throws -> Graph { try graph(try ends(isLargest: true)) }

  /// The network whose variables have their smallest values.
  public func smallest() throws -> Graph { try graph(try ends(isLargest: false)) }

  /// A network that is drawn uniformly; combinations of values that fit no shape are drawn again.
  public func drawn(_ random: inout SeededRandom) throws -> Graph {
    var last: NetworkError?
    for _ in 0..<Self.draws {
      let values = variables.map { ($0.setting ?? "", $0.value(at: $0.drawnPlace(&random))) }
      do throws(NetworkError) {
        return try graph(Dictionary(values, uniquingKeysWith: { first, _ in first }))
      } catch {
        last = error
      }
    }
    throw last ?? .invalidOption("variables", expected: "a variable of the network", found: "none")
  }

  /// Throws if the networks cannot share the weights of the largest one.
  ///
  /// It looks at the smallest network, and at those that have one variable at its smallest value.
  public func requireShared() throws {
    let (most, least) = (try ends(isLargest: true), try ends(isLargest: false))
    let largest = try graph(most)
    let alone = variables.map { variable in
      most.merging(least.filter { $0.key == variable.setting }) { $1 }
    }
    for values in [least] + alone {
      let member: Graph
      do throws(NetworkError) { member = try graph(values) } catch {
        // Values that fit no shape beside the others are left out of the search too.
        guard error.isOfShape else { throw error }
        continue
      }
      _ = try WeightSlices(of: largest, by: member)
    }
  }

  /// The largest or smallest values of all variables.
  private func ends(isLargest: Bool) throws(SettingsError) -> [String: SettingsNode] {
    var ends: [String: SettingsNode] = [:]
    for variable in variables {
      let name = variable.setting ?? ""
      var best: (value: SettingsNode, number: Double)?
      for value in variable.domain.ends {
        let number = try value.number(variable.name)
        guard best.map({ isLargest ? number > $0.number : number < $0.number }) ?? true else { continue }
        best = (value, number)
      }
      ends[name] = best?.value
    }
    return ends
  }
}

extension SearchedNetwork {
  /// The space as a specification holds it.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "name": network.name.node, "network": network.node, "input": (options.input?.dimensions).node,
      "channels": options.channels.node, "classes": options.classes.node, "width": options.width.node,
      "variables": SettingsNode(sorting: options.variables.map { ($0.key, $0.value) }),
      "boxes": options.boxes.node,
      "space": SearchSpace(variables).node,
    ])
  }

  init(from node: SettingsNode) throws {
    let owner = "a network of a search"
    func given(_ key: String) -> SettingsNode? { node[key].flatMap { $0.content == .null ? nil : $0 } }
    network = try NetworkSpec(
      node.required("network", of: owner), defaultName: node.required("name", of: owner).string("name"))
    options = NetworkOptions(
      input: try given("input").map { Shape(try [Int](reading: $0, key: "input")) },
      channels: try given("channels")?.integer("channels"), classes: try given("classes")?.integer("classes"),
      width: try node.required("width", of: owner).number("width"),
      boxes: try given("boxes").map { try [Float](reading: $0, key: "boxes") })
    for entry in try node.required("variables", of: owner).mapping("variables") {
      options.variables[entry.key] = entry.value
    }
    variables = try node.required("space", of: owner).list("space").map { item in
      SearchVariable(
        stage: nil, setting: try item.required("setting", of: owner).string("setting"),
        domain: try SearchVariable.Domain(stored: item.required("values", of: owner)))
    }
  }
}

extension SearchVariable.Domain {
  /// Reads the values as `SearchSpace.node` holds them.
  fileprivate init(stored node: SettingsNode) throws(SettingsError) {
    let owner = "the values of a variable"
    if case .list(let values) = node.content {
      self = .choices(values)
    } else if let first = node["first"] {
      let (low, high) = (try first.integer("first"), try node.required("last", of: owner).integer("last"))
      guard low <= high else {
        throw .outOfRange(first.mark, key: "first", expected: "at most \(high)", found: "\(low)")
      }
      self = .integer(low...high)
    } else {
      let low = try node.required("from", of: owner).number("from")
      let high = try node.required("to", of: owner).number("to")
      guard low < high else {
        throw .outOfRange(node.mark, key: "from", expected: "less than \(high)", found: "\(low)")
      }
      self = .real(
        low...high,
        try SearchVariable.Scale(reading: node.required("scale", of: owner), key: "scale"))
    }
  }
}
