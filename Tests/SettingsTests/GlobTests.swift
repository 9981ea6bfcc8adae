import Settings
import TestSupport
import Testing

@Suite("Globs")
struct GlobTests {
  @Test(
    "A star stands for any bytes, a question mark for one, all else for itself",
    arguments: [
      ("pruned", "pruned", true), ("pruned-*", "pruned-0.9", true), ("*0.?", "pruned-0.9", true),
      ("*", "", true), ("?", "", false), ("pruned", "pruned-0.9", false), ("a*b*c", "aXbXbc", true),
      ("a*b*c", "aXbXb", false), ("", "a", false), ("[a]", "a", false), ("é?", "éa", true),
    ])
  func matches(pattern: String, name: String, isMeant: Bool) {
    #expect(Glob(pattern).matches(name) == isMeant)
  }

  @Test(
    "A pattern gives the names it means in their order; one that means none is refused with those there are")
  func names() throws {
    let names = ["pruned-0.9", "int8", "pruned-0.5"]
    #expect(
      try Glob("pruned*").names(among: names, at: "--only", of: "student") == ["pruned-0.9", "pruned-0.5"])
    let message = errorMessage {
      _ = try Glob("prunned-0.5*").names(among: names, at: "--only", of: "student")
    }
    #expect(
      message == "--only: \"prunned-0.5*\": matches no student; did you mean \"pruned-0.5\"? "
        + "(pruned-0.9, int8, pruned-0.5)")
    #expect(
      errorMessage { _ = try Glob("*x").names(among: names, at: "--only", of: "student") }
        == "--only: \"*x\": matches no student; (pruned-0.9, int8, pruned-0.5)")
  }
}
