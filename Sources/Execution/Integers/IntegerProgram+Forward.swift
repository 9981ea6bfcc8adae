extension IntegerProgram {
  /// Every value of one image by the reference kernels, in the order of `values`.
  ///
  /// `inputs` are the integers of the graph's inputs, row-major. The kernels are made to be clear, not fast.
  public func values(of inputs: [[Int8]]) -> [[Int8]] {
    precondition(inputs.count == self.inputs.count, "\(inputs.count) inputs, expected \(self.inputs.count)")
    var all = inputs
    for step in steps { all.append(step.kernel.forward(step.inputs.map { all[$0] })) }
    return all
  }
}
