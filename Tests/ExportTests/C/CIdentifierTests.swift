import Testing

@testable import Export

@Suite("Names and comments in C")
struct CIdentifierTests {
  @Test(
    "Any text becomes an identifier",
    arguments: [
      ("resnet20", "resnet20"), ("My Net!", "My_Net"), ("7 up", "network_7_up"), ("", "network"),
      ("../../etc/passwd", "etc_passwd"), ("int", "int_network"), ("netz-größe", "netz_gr_e"),
      ("***", "network"),
      ("main", "main_network"), ("a\nb", "a_b"),
    ])
  func identifiers(_ text: String, _ expected: String) {
    #expect(CIdentifier.sanitized(text) == expected)
  }

  @Test(
    "Comments end where they should", arguments: ["*/ int x; /*", "a\nb", "??/", "**//**", "/*", "\\", "é*/"])
  func comments(_ text: String) {
    let comment = CIdentifier.comment(text)
    #expect(!comment.contains("*/") && !comment.contains("/*") && !comment.contains("??"))
    #expect(comment.utf8.allSatisfy { (32..<127).contains($0) && $0 != 92 })
  }
}
