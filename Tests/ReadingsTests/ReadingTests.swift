import Foundation
import Readings
import TestSupport
import Testing

@Suite("Readings in files")
struct ReadingTests {
  private static let lut = Resource("lut", title: "LUTs", .count)
  private static let clock = Resource(
    "fmax", title: "highest clock", Resource.Unit(rawValue: "MHz"), better: .higher, standing: .choice)

  private static func json(_ reading: Reading) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(reading), as: UTF8.self)
  }

  private static func read(_ json: String) throws -> Reading {
    try JSONDecoder().decode(Reading.self, from: Data(json.utf8))
  }

  /// The reading of a simulated board as programs wrote it before this type existed.
  private static let old =
    #"{"basis":"simulated","cycles":{"max":14,"mean":12.5,"min":12},"energyHigh":16,"energyLow":4,"energyMicrojoules":8,"#
    + #""energyPerDayJoules":3.5,"fits":true,"flashBytes":1000,"high":4,"imagesSimulated":20,"imagesUnequal":0,"latencyMs":2,"#
    + #""layers":[{"cycles":9,"name":"conv1"}],"low":1,"memory":{"codeBytes":1,"marginBytes":2,"stackBytes":3,"#
    + #""valueBytes":4,"variableBytes":5,"weightBytes":6},"method":"cycle-exact-sim","origin":"ab","ramBytes":500,"#
    + #""relativeError":0.05}"#

  @Test("the keys of before are read, and written alike to the byte")
  func oldKeys() throws {
    let reading = try Self.read(Self.old)
    #expect(reading.resources == [.flash, .ram, .latency, .energy, .cycles, .energyPerDay])
    #expect(reading[.flash] == Figure(1000) && reading[.ram] == Figure(500))
    #expect(reading[.latency] == Figure(2, low: 1, high: 4))
    #expect(reading[.energy] == Figure(8, low: 4, high: 16) && reading[.energyPerDay] == Figure(3.5))
    #expect(reading[.cycles] == Figure(12.5, low: 12, high: 14))
    #expect(reading.isSimulated && reading.imagesSimulated == 20 && reading.memory?.stackBytes == 3)
    #expect(try Self.json(reading) == Self.old)
  }

  @Test("a resource that nobody knows brings its description along, and comes back whole")
  func unknown() throws {
    var reading = try Self.read(Self.old)
    reading[Self.lut] = Figure(1203)
    reading[Self.clock] = Figure(81.5, low: 78, high: 85)
    let json = try Self.json(reading)
    #expect(
      json.contains(
        #""resources":{"fmax":{"better":"higher","high":85,"low":78,"standing":"choice","title":"highest clock","unit":"MHz","#
          + #""value":81.5},"lut":{"better":"lower","title":"LUTs","unit":"count","value":1203}}"#))
    let again = try Self.read(json)
    #expect(again == reading)
    #expect(again.resources.suffix(2) == [Self.clock, Self.lut])
    #expect(again.resources.last?.title == "LUTs")
  }

  @Test("a target that tells of nothing but its own resources needs no other keys")
  func alone() throws {
    let reading = Reading(basis: .measured, [Self.lut: Figure(7)])
    let json = try Self.json(reading)
    #expect(!json.contains("flash") && !json.contains("latency"))
    #expect(try Self.read(json) == reading)
  }

  @Test("bases of several seeds stand in one word, and words that are none are refused")
  func bases() throws {
    var reading = Reading(basis: .modelled, [.flash: Figure(1)])
    reading.bases.insert(.simulated)
    #expect(reading.basis == "modelled,simulated" && !reading.isSimulated)
    #expect(try Self.read(Self.json(reading)) == reading)
    for word in ["guessed", "", "modelled,,simulated"] {
      let text = try Self.json(reading).replacing("modelled,simulated", with: word)
      #expect(throws: DecodingError.self) { _ = try Self.read(text) }
    }
  }

  @Test(
    "names that are no plain words, or have keys of their own, are refused",
    arguments: ["a b", "", "1x", "=1+1", "flash", "latency", String(repeating: "x", count: 41)])
  func hostileNames(_ name: String) throws {
    let json =
      #"{"basis":"measured","fits":true,"resources":{"\#(name)":{"value":1,"unit":"count","better":"lower"}}}"#
    #expect(throws: DecodingError.self) { _ = try Self.read(json) }
    #expect(throws: Never.self) { _ = try Self.read(json.replacing("\"\(name)\":{", with: "\"ok\":{")) }
  }

  @Test("of several names that are refused the first is named")
  func firstOfHostileNames() throws {
    let resources = (1...9).reversed().map { #""\#($0)x":{"value":1,"unit":"count","better":"lower"}"# }
    let json = #"{"basis":"measured","fits":true,"resources":{\#(resources.joined(separator: ","))}}"#
    let error = #expect(throws: DecodingError.self) { _ = try Self.read(json) }
    guard case .dataCorrupted(let context) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(context.codingPath.last?.stringValue == "1x")
  }

  @Test("costs are to be small whichever way is better")
  func costs() {
    #expect(Self.lut.cost(4) == 4 && Self.clock.cost(4) == 0.25 && Self.clock.cost(0) == .infinity)
    #expect(Self.clock.cost(100) < Self.clock.cost(50))
  }
}
