public import Datasets
public import Graphs

/// The catalogue of tasks that networks are trained for.
public enum TaskCatalogue {
  /// The types, in the order in which they are tried.
  public static let all: [any ImageTask.Type] = [Classification.self, ObjectDetection.self]

  /// Returns the task of a data set: the first that trains on all its annotations; throws if none does.
  public static func task(of dataset: Dataset) throws(TaskError) -> any ImageTask {
    let tasks = all.map { $0.init() }
    let known = tasks.first { task in dataset.records.allSatisfy { task.reads($0.annotation) } }
    guard let known else { throw .noTask(data: dataset.path) }
    return known
  }

  /// Returns the task of a network: the first whose heads it has; `name` is the network's name in messages.
  ///
  /// Throws the first task's reason if no task fits.
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
