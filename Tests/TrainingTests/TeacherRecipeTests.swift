import Networks
import Foundation
import Settings
import Testing

@testable import Training

@Suite("Recipes of the networks")
struct TeacherRecipeTests {
  @Test("Every network's own training settings are understood")
  func resolve() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Teachers").path
    let specs = try NetworkSpec.all(in: [folder])
    #expect(specs.count >= 11)
    for spec in specs {
      var settings = TrainingSettings()
      try settings.update(from: spec.training, owner: "training")
      try settings.validate()
      #expect(settings.learningRate > 0)
    }
  }
}
