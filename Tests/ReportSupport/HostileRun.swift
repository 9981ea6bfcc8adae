@testable import Runs

extension SyntheticRun {
  /// Names that break tables, terminals, Markdown and pages that trust them.
  static let hostileNames = [
    "</script><script>document.title='owned'</script>", "<img src=x onerror=\"document.title='owned'\">",
    "a|b|c", "comma, \"quote\" and\nnewline", "\u{1B}[31mred\u{1B}[2J", "学生-蒸馏-通道剪枝-八位整数量化网络",
    "&amp;amp;", "'; DROP TABLE trials; --", "=1+1", "\u{202E}reversed", "**bold** _it_ [link](http://x)",
    "\u{2028}separator", "]]><!--", String(repeating: "long-", count: 60), "👩‍👩‍👧‍👦👍🏽", "__proto__", "",
  ]

  /// A run in which every name is hostile.
  static var hostile: SyntheticRun {
    var run = SyntheticRun()
    run.name = hostileNames[0]
    run.classes = Array(hostileNames.prefix(6))
    run.students = hostileNames.enumerated().map { number, name in
      Student(
        name: name, role: number % 5 == 4 ? TrialRole.control : .student, methods: [name], controlOf: [name],
        accuracyLoss: 0.002 * Double(number), sizeShare: 0.9 / Double(number + 1),
        codedShare: 0.8 / Double(number + 1), multiplyAddShare: 0.7 / Double(number + 1), bits: "w8a8")
    }
    return run
  }

  /// A hostile run with only those names that results and folders may have, so a comparison can have left it.
  static var recordable: SyntheticRun {
    var run = hostile
    run.classes = SyntheticRun().classes
    run.students = run.students.filter { student in
      !student.name.isEmpty && !student.name.contains("/") && student.name.utf8.count < 200
        && student.name.unicodeScalars.allSatisfy { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: false
          default: true
          }
        }
    }
    return run
  }
}
