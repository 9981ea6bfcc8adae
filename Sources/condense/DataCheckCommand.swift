import ArgumentParser
import Datasets
import Foundation
import Settings

/// The command `condense data check`: lists each file that is unreadable, badly named, a duplicate or
/// unusual.
struct DataCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "List every file of a data set that something is wrong with.",
    discussion: """
      Kinds: unreadable (damage, or no image where one belongs), misnamed (the extension says another format), duplicate \
      (the same pixels twice in one split), leak (the same pixels in two splits), odd (a size or channels that nine \
      tenths of the images do not have, one colour all over, an empty class, no classes at all). \
      Exit code 65 if there is any problem of a kind that is not allowed by --allow.
      """)

  @Argument(help: "A manifest's name, or the path of a manifest, a folder or an archive.")
  var data: String

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "With --json: also the SHA-256 of every image's decoded pixels.")
  var pixels = false

  @Option(
    help: "A kind of problem that is listed but does not fail; may be given several times.",
    transform: { text in
      guard let kind = FileProblem.Kind(rawValue: text) else {
        let known = FileProblem.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\"\(text)\" is no kind of problem (\(known))")
      }
      return kind
    })
  var allow: [FileProblem.Kind] = []

  func validate() throws {
    guard json || !pixels else { throw ValidationError("--pixels needs --json, which it adds to") }
  }

  func run() throws {
    let check = try failing { () throws(DatasetError) in
      try DatasetCheck(data, options: .forCommands)
    }
    if json { Console.print(report(check).prettyJSON) } else { printLines(check) }
    let failures = check.problems.filter { !allow.contains($0.kind) }
    guard failures.isEmpty else {
      throw CommandFailure(
        .badInput, "\(data): \(failures.count.counted("problem")) found; --allow KIND lets a kind pass")
    }
  }

  private func printLines(_ check: DatasetCheck) {
    for problem in check.problems {
      Console.print("\(problem.kind.rawValue)\t\(problem.file)\t\(problem.reason)")
    }
    for message in check.messages { Console.note(message) }
    let leaks = check.problems.count { $0.kind == .leak }
    if leaks > 0 {
      let verb = leaks == 1 ? "is" : "are"
      Console.note(
        "WARNING: \(leaks.counted("image")) \(verb) in two splits: figures on the test split would be too good"
      )
    }
    let classes = check.classes.count == 1 ? "1 class" : "\(check.classes.count) classes"
    Console.note("\(data): \(check.pixels.count.counted("sound image")), \(classes)")
  }

  private func report(_ check: DatasetCheck) -> SettingsNode {
    typealias Entry = SettingsNode.Entry
    let mark = SettingsMark(source: "report")
    var entries = [
      Entry(key: "schema", mark: mark, value: 1.node),
      Entry(key: "images", mark: mark, value: check.pixels.count.node),
      Entry(key: "classes", mark: mark, value: check.classes.count.node),
      Entry(
        key: "problems", mark: mark,
        value: SettingsNode(
          .list(
            check.problems.map {
              SettingsNode(mapping: [
                "file": $0.file.node, "kind": $0.kind.rawValue.node, "reason": $0.reason.node,
              ])
            }))),
    ]
    if pixels {
      let list = check.pixels.map {
        SettingsNode(mapping: [
          "file": $0.file.node, "width": $0.width.node, "height": $0.height.node,
          "channels": $0.channels.node,
          "sha256": $0.sha256.node,
        ])
      }
      entries.append(Entry(key: "pixels", mark: mark, value: SettingsNode(.list(list))))
    }
    return SettingsNode(.mapping(entries))
  }
}
