public import Execution
public import Graphs

/// The arithmetic with which a network is measured: integers if a device could use them, else floats.
///
///     let arithmetic = InferenceArithmetic(of: student.graph, floats: DNNLBackend())
///     let evaluator = try Evaluator(student.graph, backend: arithmetic.backend, …)
public struct InferenceArithmetic {
  /// The backend that computes.
  public let backend: any Backend
  /// The name: `integer`, `float`, or `simulated` for floats on the grids of encodings that all values have.
  public let name: String
  /// The reason for which a network with encoded values is not computed in integers; `nil` otherwise.
  public let refusal: ExecutionError?

  /// Chooses the arithmetic of a network; `floats` computes networks that are no integer programs.
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
