import Ops

/// The fusion of the operators written for `TreeSum` and `Prototypes` to these ops.
extension ONNXFusion {
  /// Fuses both patterns, which it finds by their last operators.
  mutating func fuseTreesAndPrototypes() {
    for index in nodes.indices {
      switch nodes[index].opType {
      case "Exp": fusePrototypes(index)
      case "Flatten": fuseTree(index)
      default: break
      }
    }
  }

  /// Matches prototypes: `exp(a - max a)` with `a = -rate · Σ (x - p)²`.
  private mutating func fusePrototypes(_ index: Int) {
    guard let relative = maker(of: nodes[index], 0, "Sub"), let flat = maker(of: relative, 1, "Flatten"),
      let pool = maker(of: flat, 0, "GlobalMaxPool"), let plane = maker(of: pool, 0, "Unsqueeze"),
      let scaled = maker(of: relative, 0, "Mul"), plane.input.first == relative.input.first,
      let sum = maker(of: scaled, 0, "ReduceSum"), let square = maker(of: sum, 0, "Mul"),
      square.input.count == 2, square.input[0] == square.input[1],
      let difference = maker(of: square, 0, "Sub"), let row = maker(of: difference, 0, "Unsqueeze"),
      integers(plane, 1) == [1], integers(row, 1) == [1], integers(sum, 1) == [2],
      number(sum, "keepdims", default: 1) == 0, number(flat, "axis", default: 1) == 1,
      scaled.input.count == 2, let factor = scalar(scaled.input[1]), factor < 0,
      difference.input.count == 2
    else { return }
    replace(
      index, PrototypesReader.type, [row.input[0], difference.input[1]],
      [.float("rate", Float(-factor))])
  }

  /// Matches a tree's sum: `relu(signs · (decisions > 0) + offsets) · scores`, with the signs and offsets of a tree.
  private mutating func fuseTree(_ index: Int) {
    guard let product = maker(of: nodes[index], 0, "MatMul"), let row = maker(of: product, 0, "Unsqueeze"),
      let path = maker(of: row, 0, "Relu"), let sum = maker(of: path, 0, "Gemm"), sum.input.count == 3,
      let cast = maker(of: sum, 0, "Cast"), let positive = maker(of: cast, 0, "Greater"),
      let scores = maker(of: product, 1, "Reshape"), positive.input.count == 2,
      scalar(positive.input[1]) == 0, number(sum, "transB", default: 0) == 1,
      sum.attribute.count == 1, integers(row, 1) == [1],
      number(nodes[index], "axis", default: 1) == 1,
      let shape = integers(scores, 1), shape.count == 3, shape[0] == 0,
      let signs = stored(sum.input[1])?.floats, let offsets = stored(sum.input[2])?.floats,
      let tree = TreeSum.depths.lazy.map({ TreeSum(depth: $0) }).first(where: { $0.nodes == shape[1] })
    else { return }
    let expected = tree.conditions
    guard signs == expected.signs, offsets == expected.offsets else { return }
    replace(
      index, TreeSumReader.type, [positive.input[0], scores.input[0]], [.int("depth", tree.depth)])
  }

  /// The node that produces an input of another, if it has the given type.
  private func maker(of node: ONNXNodeProto, _ input: Int, _ type: String) -> ONNXNodeProto? {
    guard node.input.count > input, let found = self.node(node.input[input], type), !found.input.isEmpty
    else { return nil }
    return found
  }

  /// The integers of a constant input.
  private func integers(_ node: ONNXNodeProto, _ input: Int) -> [Int]? {
    node.input.count > input ? stored(node.input[input])?.knownIntegers : nil
  }

  /// An integer attribute of a node.
  private func number(_ node: ONNXNodeProto, _ name: String, default value: Int) -> Int {
    node.attribute.first { $0.name == name }.map { Int($0.i) } ?? value
  }
}
