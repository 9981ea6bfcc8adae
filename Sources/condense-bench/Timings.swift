/// Sorted durations in milliseconds, with their statistics.
struct Timings {
  private let sorted: [Double]

  init(_ milliseconds: [Double]) { sorted = milliseconds.sorted() }

  /// The durations of `body`, repeated for the given number of seconds.
  static func measured(seconds: Double, _ body: () -> Void) -> Timings {
    let clock = ContinuousClock()
    var times: [Double] = []
    times.reserveCapacity(1 << 16)
    let start = clock.now
    repeat {
      let began = clock.now
      body()
      times.append(began.duration(to: clock.now) / .milliseconds(1))
    } while start.duration(to: clock.now) < .seconds(seconds)
    return Timings(times)
  }

  /// The durations of several bodies that take turns for some seconds, after three turns that are not timed.
  static func ofTurns(seconds: Double, _ bodies: [() -> Void]) -> [Timings] {
    for body in bodies { for _ in 0..<3 { body() } }
    let clock = ContinuousClock()
    var times = bodies.map { _ in [Double]() }
    let start = clock.now
    repeat {
      for (index, body) in bodies.enumerated() {
        let began = clock.now
        body()
        times[index].append(began.duration(to: clock.now) / .milliseconds(1))
      }
    } while start.duration(to: clock.now) < .seconds(seconds)
    return times.map(Timings.init)
  }

  var count: Int { sorted.count }
  var minimum: Double { sorted.first ?? 0 }
  var median: Double { sorted.isEmpty ? 0 : sorted[sorted.count / 2] }
  var p90: Double { sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * 9 / 10)] }
}
