import DNNL
import Execution
import Foundation
import Graphs
import Networks
import Settings
import Tasks
import TestSupport
import Testing

@testable import Methods

/// The networks of the checkout.
private let teachers = NetworkSpec.all(besides: #filePath)
/// The networks with one output, the scores of classes, whose groups have channels enough at an eighth of the width.
private let classifiers = teachers.filter {
  (try? $0.build().outputs.count) == 1
    && (try? $0.build(options: NetworkOptions(width: 0.125)).channelGroups().contains { $0.units.count > 2 })
      == true
}
/// The networks that have channels to remove.
private let removable = teachers.filter {
  (try? $0.build(options: NetworkOptions(width: 0.25)).channelGroups().isEmpty) == false
}

extension NetworkSpec {
  /// Every spec in `Teachers/` of the checkout that contains a test file.
  fileprivate static func all(besides file: String) -> [NetworkSpec] {
    let root = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return (try? all(in: [root.appending(path: "Teachers").path])) ?? []
  }
}

@Suite("Channels of the networks in Teachers")
struct TeacherShrinkingTests {
  private func graph(_ spec: NetworkSpec, width: Double) throws -> Graph {
    var graph = try spec.build(options: NetworkOptions(width: width))
    graph.scatterParameters(seed: 7)
    return graph
  }

  @Test("There are networks")
  func found() { #expect(classifiers.count >= 12 && teachers.count > classifiers.count) }

  @Test(
    "Removing channels at random equals masking them", arguments: removable.map(\.name), [1, 2] as [UInt64])
  func random(name: String, seed: UInt64) throws {
    let spec = try #require(teachers.first { $0.name == name })
    let graph = try graph(spec, width: 0.25)
    let units = graph.someRemovableUnits(seed: seed)
    #expect(!units.isEmpty)
    let rewrite = try graph.removingChannels(units)
    try rewrite.graph.verify()
    #expect(rewrite.removedUnits(from: graph).count == units.count)
    #expect(try rewrite.shrinkingViolations(of: graph, backend: DNNLBackend(), tolerance: 1e-4) == [])
  }

  @Test("So does removing what each criterion chooses", arguments: classifiers.map(\.name))
  func criteria(name: String) throws {
    let spec = try #require(teachers.first { $0.name == name })
    let graph = try graph(spec, width: 0.125)
    let groups = graph.channelGroups().map { UnitSet($0, in: graph) }
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: DNNLBackend(),
      source: PatternSource(graph, images: 4, batch: 4), batch: 4)
    for type in SaliencyCatalogue.all where type.kinds.contains(.channel) {
      let criterion = MethodCase.quick(type)
      guard groups.contains(where: { criterion.obstacle(to: $0) == nil }) else { continue }
      let method = ChannelPruning(sparsity: 0.4, criterion: criterion)
      let rewrite = try MethodCase(method: method).compress(graph, evidence: evidence)
      try rewrite.graph.verify()
      #expect(rewrite.graph.parameterCount < graph.parameterCount, "\(type.name)")
      let violations = try rewrite.shrinkingViolations(of: graph, backend: DNNLBackend(), tolerance: 1e-4)
      #expect(violations == [], "\(type.name)")
    }
  }
}
