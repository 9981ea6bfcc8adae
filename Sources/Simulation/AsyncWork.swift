import Dispatch
import Synchronization

/// Waits for asynchronous work in functions that cannot await.
public enum AsyncWork {
  private final class Box<Value: Sendable, Failure: Error>: Sendable {
    let result = Mutex<Result<Value, Failure>?>(nil)
  }

  /// Blocks the calling thread until the work is done, and returns its value or throws its error.
  ///
  /// The work must not need the calling thread.
  public static func wait<Value: Sendable, Failure: Error>(
    _ work: @Sendable @escaping () async throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let box = Box<Value, Failure>()
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      let result: Result<Value, Failure>
      do throws(Failure) { result = .success(try await work()) } catch { result = .failure(error) }
      box.result.withLock { $0 = result }
      done.signal()
    }
    done.wait()
    guard let result = box.result.withLock({ $0 }) else {
      preconditionFailure("the work was signalled without a result")
    }
    return try result.get()
  }
}
