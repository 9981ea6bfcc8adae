public import Tensors

/// An encoding whose numbers are learned together with the masters, such as the step of a grid.
///
/// The numbers are a parameter of the same node, in the role `step`, for as long as its weight has this
/// encoding. A plan projects with their present values and computes their gradient, so that optimizers,
/// averages and checkpoints treat them as any parameter. `Encoding.project` alone, which does not know them,
/// projects onto the grid from which they started.
public protocol LearnedGrid: Encoding {
  /// The parameter that holds the numbers, for masters of a shape.
  func gridSlot(_ shape: Shape) -> ParameterSlot
  /// Replaces values by numbers of the grid, in place.
  func project(_ values: inout MutableSpan<Float>, grid: Span<Float>, shape: Shape)
  /// Turns the loss's gradient by the projected values into one by the masters, in place.
  ///
  /// It writes every element of `gridGradient`, the gradient by the numbers of the grid.
  func backward(
    _ gradient: inout MutableSpan<Float>, masters: Span<Float>, grid: Span<Float>,
    gridGradient: inout MutableSpan<Float>, shape: Shape)
}

extension Graph {
  /// The name of the parameter whose numbers complete a parameter's encoding; `nil` if there is none.
  public func gridName(of parameter: String) -> String? {
    guard parameters[parameter]?.encoding is any LearnedGrid,
      let (node, _) = ParameterRole.split(parameter)
    else { return nil }
    return ParameterRole.step.name(of: node)
  }

  /// The values of a parameter with which kernels compute; `nil` for an unknown name.
  public func projected(_ name: String) -> Tensor? {
    guard let parameter = parameters[name] else { return nil }
    guard let learned = parameter.encoding as? any LearnedGrid,
      let grid = gridName(of: name).flatMap({ parameters[$0]?.value.values })
    else { return parameter.projected }
    var tensor = parameter.value
    var span = tensor.values.mutableSpan
    learned.project(&span, grid: grid.span, shape: parameter.value.shape)
    return tensor
  }
}
