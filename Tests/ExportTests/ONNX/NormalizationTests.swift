import Foundation
import TestSupport
import Testing

@testable import Export

@Suite("Normalization as users write it")
struct NormalizationTests {
  @Test("Numbers up to 1 are of pixels 0…1, larger ones of 0…255, unless the range is said")
  func units() throws {
    let small = try InputNormalization("mean=0.5,0.4,0.2,std=0.25,0.5,1")
    #expect(small.mean == [127.5, 102, 51] && small.deviation == [63.75, 127.5, 255])
    let large = try InputNormalization("mean=125.5, std = 63")
    #expect(large.mean == [125.5] && large.deviation == [63])
    let raw = try InputNormalization("mean=0,std=1,range=255")
    #expect(raw.mean == [0] && raw.deviation == [1])
    let scaled = try InputNormalization("mean=0,std=1")
    #expect(scaled.deviation == [255])
  }

  @Test(
    "Anything else is refused with what is expected",
    arguments: [
      ("mean=1", "expected both mean=… and std=…"), ("mean=a,std=1", "\"mean=a\" is not a number"),
      ("0.5,std=1", "\"0.5\" is not a number"), ("mean=0,std=0", "std must be positive"),
      ("mean=0,std=1,size=3", "\"size\" is not expected here"), ("mean=0,mean=1,std=1", "\"mean\" is not"),
      ("mean=0,std=1,range=2", "range is 1"), ("", "is not a number"), ("mean=nan,std=1", "is not a number"),
    ])
  func refusals(text: String, words: String) {
    let message = errorMessage { _ = try InputNormalization(text) }
    #expect(message.contains(words), "\(message)")
  }
}
