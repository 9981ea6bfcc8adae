import Datasets
import Foundation
import Graphs
import Networks
import Ops
import Recipes
import Settings
import Targets
import Tensors
import TestSupport
import Testing
import TrialSupport

@testable import Comparison

@Suite("Fits")
struct FitTests {
  @Test(
    "Small images are taken as they are, large ones at 64 pixels, and none takes more than 0.45 of the memory",
    arguments: [
      (InputShape(channels: 3, height: 32, width: 32), nil, [3, 32, 32]),
      (InputShape(channels: 1, height: 28, width: 28), 2048, [1, 28, 28]),
      (InputShape(channels: 3, height: 480, width: 640), nil, [3, 64, 84]),
      (InputShape(channels: 3, height: 900, width: 100), nil, [3, 128, 64]),
      (InputShape(channels: 3, height: 32, width: 32), 2048, [3, 16, 16]),
    ] as [(InputShape, Int?, [Int])])
  func inputs(images: InputShape, ramBytes: Int?, expected: [Int]) {
    let shape = FitInput.shape(of: images, side: nil, ramBytes: ramBytes)
    #expect(shape.dimensions == expected)
    if let ramBytes { #expect(Double(shape.count) <= 0.45 * Double(ramBytes)) }
  }

  @Test("A side that is asked for is that of the network's input")
  func side() {
    let shape = FitInput.shape(of: InputShape(channels: 3, height: 480, width: 640), side: 96, ramBytes: 1000)
    #expect(shape.dimensions == [3, 96, 128])
  }

  @Test(
    "Every network is built for inputs of any size, and ends in the data's classes",
    arguments: FitNetwork.allCases, [[1, 8, 8], [1, 28, 28], [3, 32, 32], [3, 64, 84], [3, 128, 96]])
  func networks(network: FitNetwork, input: [Int]) throws {
    let text = network.yaml(Shape(input), classes: 7)
    let spec = try NetworkSpec(
      SettingsNode(yaml: text, source: network.fileName), defaultName: network.rawValue)
    let graph = try spec.build(options: NetworkOptions(width: 0.25))
    let output = try #require(graph.outputs.first)
    #expect(graph.shape(of: output)?.dimensions == [1, 7])
  }

  @Test("Every student of every family is one that recipes know, with a name of its own")
  func families() throws {
    for teacher in FitNetwork.teachers {
      let trials = FitTrials(
        teacher: teacher, target: "cortex-m4", data: "photos \"x\"", margin: 0.01, batch: 32, networks: "n")
      let students = trials.families.flatMap { family in
        family.strengths.map { FitStudent(family: family, strength: $0) }
      }
      let recipe = try recipe(trials.recipe(students, epochs: 10))
      #expect(recipe.students.map(\.name) == students.map(\.name) && recipe.data == "photos \"x\"")
      #expect(Set(students.map(\.name)).count == students.count)
    }
  }
}
