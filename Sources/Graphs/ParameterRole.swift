import Tensors

/// What a parameter is to the op that owns it.
///
/// The raw value stands in files, as the end of a parameter's name: `conv1.weight`. It is never renamed.
public enum ParameterRole: String, Sendable, CaseIterable {
  /// What inputs are multiplied by and summed over: a convolution's filters `[O, I/groups, Kh, Kw]`, a linear layer's matrix `[O, I]`.
  case weight
  /// What is added to each output channel `[O]`.
  case bias
  /// What a norm multiplies each normalized channel by, γ `[C]`.
  case scale
  /// What a norm adds to each normalized channel, β `[C]`.
  case shift
  /// The running mean of each channel `[C]`, not trained by gradient.
  case mean
  /// The running variance of each channel `[C]`, 0 or more, not trained by gradient.
  case variance
  /// The step of a grid that is learned while a network trains `[1]`, positive.
  case step

  /// The name of the parameter that has this role in a node: `node.role`.
  public func name(of node: String) -> String { "\(node).\(rawValue)" }

  /// The node and the role that a parameter's name is made of; `nil` where it does not end in a role.
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

  /// The parameter that has a role in a node and must be there.
  public func parameter(_ role: ParameterRole, of node: Node) throws(GraphError) -> Parameter {
    guard let parameter = self[role, of: node.name] else {
      let slot = slots(of: node).first { $0.slot.role == role }?.slot
      throw .missingParameter(role.name(of: node.name), expected: slot?.shape ?? [])
    }
    return parameter
  }
}
