import Execution
import Tensors

/// What the micro-batches of a step leave: gradients, running statistics and scores, combined in the order of
/// micro-batches, whichever rank computed them.
///
/// **Formula** Gradients are summed. Each micro-batch moves the running statistics from where they were before
/// the step; the step leaves the mean of what the micro-batches reach, summed in 64 bits. Losses and metrics
/// are summed in 64 bits.
final class MicroBatches {
  /// What is known once a step's micro-batches are combined.
  struct Combined {
    /// The scores of the whole batch.
    var score: StepObjective.Score
    /// True if a rank asked all to stop after this step.
    var isStopping: Bool
  }

  /// The micro-batches that this rank computes.
  let own: Range<Int>
  private let count: Int
  private let ranks: any Ranks
  private var gradients: OrderedSum<Float>
  private var records: OrderedSum<Double>
  /// The running statistics before the step.
  private var start: [Float]
  private var done = 0

  /// The numbers of a record before its statistics: loss, metric, images with a metric, wishes to stop.
  private static let heading = 4

  /// Prepares the combination of `count` micro-batches for a plan; the ranks must divide them evenly.
  init(_ count: Int, of plan: any Plan, ranks: any Ranks) {
    precondition(count.isMultiple(of: ranks.count), "as many micro-batches on each rank")
    let share = count / ranks.count
    own = ranks.rank * share..<(ranks.rank + 1) * share
    self.count = count
    self.ranks = ranks
    let statistics = plan.withStatistics { $0.count }
    start = Array(repeating: 0, count: statistics)
    // Rank 0 begins the sum, so it needs no term of its own for each micro-batch.
    gradients = OrderedSum(
      count: plan.withGradients { $0.count }, terms: ranks.rank == 0 ? 1 : share)
    records = OrderedSum(count: Self.heading + statistics, terms: share)
  }

  /// Begins a step; `wish` is true if this rank wants all to stop after it.
  func begin(_ plan: any Plan, wish: Bool) {
    done = 0
    records.terms[0][3] = wish ? 1 : 0
    var values: [Float] = []
    swap(&values, &start)
    plan.withStatistics { statistics in
      var room = values.mutableSpan
      for i in room.indices { room[i] = statistics[i] }
    }
    swap(&values, &start)
  }

  /// Takes what a backward pass has left in the plan, and puts the statistics back.
  func add(_ score: StepObjective.Score, from plan: any Plan) {
    takeGradients(from: plan)
    var record: [Double] = []
    swap(&record, &records.terms[done])
    record[0] = score.loss
    record[1] = score.metric ?? 0
    record[2] = score.metric == nil ? 0 : 1
    let before = start
    plan.withStatistics { statistics in
      var room = record.mutableSpan
      let before = before.span
      for i in before.indices {
        room[Self.heading + i] = Double(statistics[i])
        statistics[i] = before[i]
      }
    }
    swap(&record, &records.terms[done])
    done += 1
  }

  /// Adds the plan's gradients to the first term on rank 0, or keeps them as a term.
  private func takeGradients(from plan: any Plan) {
    let isSum = ranks.rank == 0 && done > 0
    let place = ranks.rank == 0 ? 0 : done
    var term: [Float] = []
    swap(&term, &gradients.terms[place])
    plan.withGradients { gradient in
      var room = term.mutableSpan
      if isSum {
        for i in room.indices { room[i] += gradient[i] }
      } else {
        for i in room.indices { room[i] = gradient[i] }
      }
    }
    swap(&term, &gradients.terms[place])
  }

  /// Combines the micro-batches of all ranks, and leaves gradients and statistics in the plan.
  func finish(_ plan: any Plan) throws -> Combined {
    try records.collect(over: ranks)
    try gradients.collect(over: ranks)
    try records.spread(over: ranks)
    try gradients.spread(over: ranks)
    let sum = gradients.total
    plan.withGradients { gradient in
      let sum = sum.span
      for i in sum.indices { gradient[i] = sum[i] }
    }
    let record = records.total
    let parts = Double(count)
    plan.withStatistics { statistics in
      let record = record.span
      for i in statistics.indices { statistics[i] = Float(record[Self.heading + i] / parts) }
    }
    return Combined(
      score: StepObjective.Score(loss: record[0], metric: record[2] > 0 ? record[1] : nil),
      isStopping: record[3] > 0)
  }
}
