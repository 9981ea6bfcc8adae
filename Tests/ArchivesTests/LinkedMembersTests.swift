import Testing

@testable import Archives

@Suite("Links in archives")
struct LinkedMembersTests {
  private static func link(_ path: String, _ text: String, hard: Bool = false) -> RefusedMember {
    RefusedMember(path: path, reason: .link, target: MemberPath.target(of: text, from: hard ? nil : path))
  }

  @Test("links count from their folder, hard links from the root; none leads out")
  func targets() {
    #expect(MemberPath.target(of: "../b/1", from: "a/x") == "b/1")
    #expect(MemberPath.target(of: "a/1", from: nil) == "a/1")
    #expect(MemberPath.target(of: "../../b", from: "a/x") == nil)
    #expect(MemberPath.target(of: "/etc/passwd", from: "a/x") == nil)
    #expect(MemberPath.target(of: ".", from: "x") == nil)
  }

  @Test("links to members, folders and links are resolved; circles and loose ends stay refused")
  func resolved() {
    let loose = [
      Self.link("a/loop", "loop2"), Self.link("a/loop2", "loop"), Self.link("a/none", "2"),
      Self.link("a/out", "../../x"), Self.link("a/up", "../a"),
      RefusedMember(path: "/x", reason: .absolutePath),
    ]
    let found = LinkedMembers(
      [
        Self.link("b/1", "../a/1"), Self.link("b/2", "1"), Self.link("c", "a"),
        Self.link("b/h", "a/1", hard: true),
      ]
        + loose, among: ["a/1", "a/3"])
    #expect(
      found.links.map { "\($0.path) \($0.member)" } == [
        "b/1 a/1", "b/2 a/1", "b/h a/1", "c/1 a/1", "c/3 a/3",
      ])
    #expect(found.refused == loose)
  }

  @Test("links stand behind links: a folder holds a link to a member, and a path leads through a link")
  func nested() {
    let found = LinkedMembers(
      [
        Self.link("cat/0", "dog/0", hard: true), Self.link("eel", "cat"), Self.link("fox", "eel"),
        Self.link("gnu/0", "../fox/0"), Self.link("cat/more", "../dog"),
      ], among: ["dog/0", "cat/1"])
    #expect(
      Set(found.links.map { "\($0.path) \($0.member)" }) == [
        "cat/0 dog/0", "gnu/0 dog/0", "eel/0 dog/0", "eel/1 cat/1", "fox/0 dog/0", "fox/1 cat/1",
        "cat/more/0 dog/0", "eel/more/0 dog/0", "fox/more/0 dog/0",
      ])
    #expect(found.refused.isEmpty)
  }
}
