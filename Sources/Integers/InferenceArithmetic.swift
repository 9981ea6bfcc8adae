public import Execution
public import Graphs

/// How a network is computed when it is measured: in integers where a device could, else in floats.
///
///     let arithmetic = InferenceArithmetic(of: student.graph, floats: DNNLBackend())
///     let evaluator = try Evaluator(student.graph, backend: arithmetic.backend, …)
public struct InferenceArithmetic {
  /// What computes.
  public let backend: any Backend
  /// `integer`; `simulated` for floats on the grids of encodings where all values have one; `float`.
  public let name: String
  /// Why values that all have an encoding are not computed in integers.
  public let refusal: ExecutionError?

  /// Chooses for a network; `floats` computes what is no integer program.
  public init(of graph: Graph, floats: any Backend) {
    guard graph.hasEncodedValues else {
      backend = floats
      name = "float"
      refusal = nil
      return
    }
    do throws(ExecutionError) {
      _ = try IntegerProgram(graph)
      backend = IntegerBackend()
      name = "integer"
      refusal = nil
    } catch {
      backend = floats
      name = "simulated"
      refusal = error
    }
  }
}
