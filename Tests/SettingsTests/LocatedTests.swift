import Settings
import Testing

struct LocatedTests {
  private enum Fault: Error, Equatable { case leak, burst }

  @Test("a located error reads from the outermost place to the error's own words")
  func words() {
    #expect("\(Located("house", Located("cellar", Fault.leak)))" == "house: cellar: leak")
  }

  @Test("who decides by an error finds it behind any number of places, and nothing of another type")
  func underlying() {
    let error: any Error = Located("house", Located("cellar", Fault.burst))
    #expect(error.underlying(as: Fault.self) == .burst)
    #expect(error.underlying(as: CancellationError.self) == nil)
    #expect((Fault.leak as any Error).underlying(as: Fault.self) == .leak)
  }

  @Test("a piece that throws is put at its place, one that does not gives its result")
  func piece() throws {
    #expect(try located("cellar") { 7 } == 7)
    let error = #expect(throws: Located.self) { try located("cellar") { throw Fault.leak } }
    #expect(error?.place == "cellar")
    #expect(error?.underlying as? Fault == .leak)
  }
}
