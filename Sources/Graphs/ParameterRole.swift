import Tensors

/// The role of a parameter in the op that owns it.
///
/// The raw value ends the parameter's name in files, as in `conv1.weight`. It is never renamed.
public enum ParameterRole: String, Sendable, CaseIterable {
  /// The factors of the inputs: filters `[O, I/groups, Kh, Kw]` or a matrix `[O, I]`.
  case weight
  /// The number that is added to each output channel, `[O]`.
  case bias
  /// The factor γ of each normalized channel, `[C]`.
  case scale
  /// The offset β of each normalized channel, `[C]`.
  case shift
  /// The running mean of each channel `[C]`, not trained by gradient.
  case mean
  /// The running variance of each channel `[C]`, 0 or more, not trained by gradient.
  case variance
  /// The numbers of a grid that are learned while a network trains: a step `[1]`, or some a weight, `[K]`.
  case step
  /// Points that features are compared with `[J, I]`.
  case prototypes

  /// The name of the parameter that has this role in a node: `node.role`.
  public func name(of node: String) -> String { "\(node).\(rawValue)" }

  /// The node and the role in a parameter's name; `nil` if it does not end in a role.
  ///
  /// Names of nodes may hold dots themselves.
  public static func split(_ parameter: String) -> (node: String, role: ParameterRole)? {
    guard let dot = parameter.lastIndex(of: "."),
      let role = ParameterRole(rawValue: String(parameter[parameter.index(after: dot)...]))
    else { return nil }
    return (String(parameter[..<dot]), role)
  }
}

extension Graph {
  /// The parameter that has a role in a node; `nil` where there is none.
  public subscript(role: ParameterRole, of node: String) -> Parameter? {
    get { parameters[role.name(of: node)] }
    set { parameters[role.name(of: node)] = newValue }
  }

  /// The parameter that has a role in a node; throws `GraphError.missingParameter` if there is none.
  public func parameter(_ role: ParameterRole, of node: Node) throws(GraphError) -> Parameter {
    guard let parameter = self[role, of: node.name] else {
      let slot = slots(of: node).first { $0.slot.role == role }?.slot
      throw .missingParameter(role.name(of: node.name), expected: slot?.shape ?? [])
    }
    return parameter
  }
}
