/// Sorted durations in milliseconds and what they say.
struct Timings {
  private let sorted: [Double]

  init(_ milliseconds: [Double]) { sorted = milliseconds.sorted() }

  var count: Int { sorted.count }
  var minimum: Double { sorted.first ?? 0 }
  var median: Double { sorted.isEmpty ? 0 : sorted[sorted.count / 2] }
  var p90: Double { sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * 9 / 10)] }
}
