import Runs

/// The recommended students for a target, in words that the page, the terminal and Markdown share.
struct DecisionWords {
  /// A student, with the reasons that it was chosen for: `Smallest, fastest`.
  struct Group {
    var title: String
    let choice: Ranking.Decision.Choice
  }

  private let decision: Ranking.Decision

  init(_ decision: Ranking.Decision) { self.decision = decision }

  /// The heading: `cortex-m4, at most 1 point below the teacher`.
  var heading: String {
    "\(decision.target), at most \(Quantity.plainPoints(decision.margin)) below the teacher"
  }

  /// The choices; a student that was chosen for several reasons has one entry.
  var groups: [Group] {
    let all =
      [
        ("smallest", decision.smallest), ("fastest", decision.fastest), ("most frugal", decision.mostFrugal),
      ] + (decision.others ?? []).map { ($0.title, $0.choice) } + [("most accurate", decision.mostAccurate)]
    var groups: [Group] = []
    for (title, choice) in all {
      guard let choice else { continue }
      if let place = groups.firstIndex(where: { $0.choice.name == choice.name }) {
        groups[place].title += ", " + title
      } else {
        groups.append(Group(title: title.prefix(1).uppercased() + title.dropFirst(), choice: choice))
      }
    }
    return groups
  }

  /// One line for each student, `Smallest, fastest: uno, 96.40 % (96.0 to 96.8): why`, then the reason for
  /// missing choices.
  var lines: [String] {
    groups.map { group in
      let choice = group.choice
      return "\(group.title): \(choice.name), \(Quantity.percent(choice.accuracy)) % "
        + "(\(Quantity.percent(choice.low)) to \(Quantity.percent(choice.high))): \(choice.reason)"
    } + [note].compactMap(\.self)
  }

  /// The reason for missing choices, as a sentence; `nil` where there are choices.
  var note: String? { decision.note.map { $0.prefix(1).uppercased() + $0.dropFirst() + "." } }
}
