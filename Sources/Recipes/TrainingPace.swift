import Datasets
public import Execution
public import Graphs
import Tensors
import Training

/// How fast a network trains on this machine, by a short measurement on noise.
public enum TrainingPace {
  /// Seconds an image; the median of steps that take about `seconds` together.
  public static func secondsPerImage(
    _ graph: Graph, backend: any Backend, batch: Int, threads: Int, seconds: Double = 0.5
  ) throws(ExecutionError) -> Double {
    let plan = try backend.compile(graph, PlanOptions(batch: batch, mode: .training, threads: threads))
    let count = batch * graph.inputs.reduce(0) { $0 + $1.shape.count }
    var random = SeededRandom(seed: 0, purpose: "pace")
    let images = (0..<count).map { _ in random.uniform(in: -1...1) }
    let clock = ContinuousClock()
    var times: [Double] = []
    let began = clock.now
    while times.count < 3 || ((clock.now - began) / .seconds(1) < seconds && times.count < 1000) {
      let elapsed = clock.measure {
        plan.forward(images.span, key: 0)
        plan.backward()
        plan.update(SGD(), StepParameters(rate: 0))
      }
      times.append(elapsed / .seconds(1))
    }
    return times.sorted()[times.count / 2] / Double(batch)
  }
}
