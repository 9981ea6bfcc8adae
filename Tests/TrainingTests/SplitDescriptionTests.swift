import Datasets
import Settings
import Testing
import Training

@Suite("A split in a model file")
struct SplitDescriptionTests {
  private static let split = SplitDescription(
    isGiven: false, validationFraction: 0.1, testFraction: 0.1, seed: .max, digest: "ab",
    counts: [.train: 8, .validation: 1, .test: 1])

  @Test("A split is read back as it was written")
  func roundTrip() throws {
    let text = Self.split.node.canonicalJSON
    #expect(try SplitDescription(from: SettingsNode(json: text, source: "m")) == Self.split)
  }

  @Test(
    "A share that is none is refused before anything is counted by it", arguments: ["1e300", "-0.5", "1.01"])
  func shares(share: String) throws {
    let text = Self.split.node.canonicalJSON
    for key in ["validation", "test"] {
      let changed = text.replacing("\"\(key)\":0.1", with: "\"\(key)\":\(share)")
      #expect(changed != text)
      let node = try SettingsNode(json: changed, source: "m")
      #expect {
        try SplitDescription(from: node)
      } throws: { "\($0)".contains("\"\(key)\" must be a number in 0...1") }
    }
  }
}
