import Graphs
import Tensors

extension Compression {
  /// Scores sets of units, each by its criterion; sets of equal criteria are scored together.
  mutating func scores(
    _ choices: [(set: UnitSet, criterion: any Saliency)], images: Int = 1024
  ) throws -> [[Double]] {
    var scores = Array(repeating: [Double](), count: choices.count)
    try forEachCriterion(choices.map(\.criterion), images: images) {
      (criterion, places, context) throws in
      let found = try criterion.scores(of: places.map { choices[$0].set }, &context)
      for (place, found) in zip(places, found) { scores[place] = found.map { $0.isNaN ? .infinity : $0 } }
    }
    return scores
  }

  /// The network with what criteria change of it to make up for units that go.
  mutating func compensated(
    _ choices: [(set: UnitSet, criterion: any Saliency)], isGone: [[Bool]], images: Int = 1024
  ) throws -> Graph {
    var compensated = graph
    try forEachCriterion(choices.map(\.criterion), images: images) {
      (criterion, places, context) throws in
      let losses = places.map { (set: choices[$0].set, isGone: isGone[$0]) }
      for (name, values) in try criterion.compensation(for: losses, &context) {
        compensated.parameters[name]?.value = values
      }
    }
    return compensated
  }

  /// Calls `body` with each of the different criteria, and the places at which it stands.
  private mutating func forEachCriterion(
    _ criteria: [any Saliency], images: Int,
    _ body: (any Saliency, [Int], inout SaliencyContext) throws -> Void
  ) throws {
    var context = SaliencyContext(
      graph: graph, original: original, evidence: evidence, images: images, random: random)
    let keys = criteria.map(SaliencyCatalogue.key)
    for (first, key) in keys.enumerated() where keys.firstIndex(of: key) == first {
      try body(criteria[first], keys.indices.filter { keys[$0] == key }, &context)
    }
    random = context.random
  }
}
