public import Datasets
public import Graphs

/// Every task that networks are trained for.
public enum TaskCatalogue {
  /// The types, in the order in which they are asked for.
  public static let all: [any ImageTask.Type] = [Classification.self, ObjectDetection.self]

  /// The task of a data set: the first that learns from its annotations.
  public static func task(of dataset: Dataset) throws(TaskError) -> any ImageTask {
    let tasks = all.map { $0.init() }
    let known = tasks.first { task in dataset.records.allSatisfy { task.reads($0.annotation) } }
    guard let known else { throw .noTask(data: dataset.path) }
    return known
  }

  /// The task of a network without data: the first whose heads it has. `name` is the network's in messages.
  public static func task(of graph: Graph, name: String) throws(TaskError) -> any ImageTask {
    var refusal: TaskError?
    for type in all {
      let task = type.init()
      do throws(TaskError) {
        _ = try task.heads(of: graph, network: name)
        return task
      } catch {
        if refusal == nil { refusal = error }
      }
    }
    throw refusal ?? .noTask(data: name)
  }
}
