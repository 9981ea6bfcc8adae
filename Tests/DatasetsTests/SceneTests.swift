import Foundation
import Images
import Testing

@testable import Datasets

@Suite("Scenes")
struct SceneTests {
  @Test("Equal seeds give equal scenes, and boxes are around what is drawn")
  func scenes() {
    for number in 0..<200 {
      let (image, things) = SceneMaker(seed: 3).scene(number: number)
      let (again, same) = SceneMaker(seed: 3, count: 70).scene(number: number)
      #expect(image == again && things == same)
      #expect((1...4).contains(things.count))
      for thing in things {
        #expect(thing.left >= 0 && thing.right <= SceneMaker.side && thing.right - thing.left >= 5)
        #expect(thing.top >= 0 && thing.bottom <= SceneMaker.side && thing.bottom - thing.top >= 5)
      }
    }
    #expect(SceneMaker(seed: 4).scene(number: 0).image != SceneMaker(seed: 3).scene(number: 0).image)
  }

  @Test("They are written as VOC has them, and opened as such")
  func written() throws {
    let folder = try TemporaryFolder()
    let maker = SceneMaker(seed: 5, count: 60)
    try maker.write(to: folder.path + "/scenes", threads: 2)
    var options = DatasetOptions()
    options.cacheDirectory = nil
    let data = try Dataset.open(folder.path + "/scenes", options: options)
    #expect(data.classes == SceneMaker.classes.sorted())
    #expect(data.count(of: .test) == 12 && data.count(of: .train) + data.count(of: .validation) == 48)
    for record in data.records {
      let number = try #require(Int((record.path as NSString).lastPathComponent.prefix(6)))
      let things = maker.scene(number: number).things
      #expect(record.annotation.things.map(\.box) == things.map(\.box))
    }
    #expect(throws: DatasetError.self) { try maker.write(to: folder.path + "/scenes", threads: 1) }
    let check = try DatasetCheck(folder.path + "/scenes", options: options)
    #expect(check.problems.isEmpty)
  }
}
