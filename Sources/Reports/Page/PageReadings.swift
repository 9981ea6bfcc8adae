import Foundation
import Readings
import Runs

/// The columns of the page's ranking for one target.
struct PageReadings {
  /// The target's name.
  let target: String
  /// The resources that students are chosen by.
  let resources: [Resource]
  /// The resources whose figures have intervals.
  private let uncertain: [Resource]

  init(_ report: RunReport, _ target: String) {
    self.target = target
    resources = report.resources(of: target)
    uncertain = resources.filter { report.hasInterval($0, on: target) }
  }

  /// The columns that are always shown, then those on request.
  var columns: [PageColumn] {
    resources.map(amount) + [basis] + uncertain.map(interval) + [
      extra(
        "A day", "Energy of a day at the target's frame rate, sleep included",
        sort: { $0[.energyPerDay]?.value }
      ) {
        $0[.energyPerDay].map { Quantity.amount($0.value, .joules) } ?? Quantity.missing
      },
      extra(
        "Cycles", "Clock cycles of an image, mean; least to most where they differ",
        sort: { $0[.cycles]?.value }
      ) { $0[.cycles].map(Self.words) ?? Quantity.missing },
      extra("Stack", "Bytes of stack that were seen", sort: { $0.memory.map { Double($0.stackBytes) } }) {
        $0.imagesSimulated == nil ? Quantity.missing : $0.memory.map { Quantity.bytes($0.stackBytes) } ?? ""
      },
      extra(
        "Simulated", "Images run on the simulated target, with outputs equal to the reference's",
        sort: { $0.imagesSimulated.map(Double.init) }
      ) { reading in
        guard let images = reading.imagesSimulated else { return Quantity.missing }
        let unequal = reading.imagesUnequal ?? 0
        return unequal == 0 ? "\(images)" : "\(images - unequal) of \(images)"
      },
    ]
  }

  /// The hints over the heads of a resource's column.
  private static let hints: [Resource: String] = [
    .flash: "Program memory", .ram: "Peak working memory", .latency: "Time an image",
    .energy: "Energy an image",
  ]

  private func amount(_ resource: Resource) -> PageColumn {
    let hint = Self.hints[resource] ?? "\(Self.head(resource)), in \(resource.unit.rawValue)"
    return column(
      Self.head(resource), hint, isLargestFirst: resource.direction == .higher,
      sort: { $0[resource]?.value }
    ) { reading in
      reading[resource].map { Quantity.amount($0.value, resource.unit) } ?? Quantity.missing
    }
  }

  private func interval(_ resource: Resource) -> PageColumn {
    extra(
      "\(Self.head(resource)) from to", "Interval by the target's uncertainty", sort: { $0[resource]?.high }
    ) { Quantity.interval($0[resource], resource.unit) }
  }

  /// The resource's title with a capital letter.
  private static func head(_ resource: Resource) -> String {
    resource.title.prefix(1).uppercased() + resource.title.dropFirst()
  }

  private static let shortBases = [
    "measured": "meas.", "simulated": "sim.", "modelled": "mod.", "placed-and-routed": "p&r",
  ]

  private var basis: PageColumn {
    PageColumn(title: "Basis", hint: "How the figures came about, \(target)", isNumber: false, target: target)
    {
      row in
      guard let reading = row.targets[target] else {
        return PageColumn.Cell(shown: Quantity.missing, sort: "")
      }
      let remark = [reading.basis, reading.method, reading.note].compactMap(\.self).joined(separator: "; ")
      let short = Self.shortBases[reading.basis] ?? reading.basis
      return PageColumn.Cell(
        shown: "<abbr title=\"\(HTMLText.escaped(remark))\">\(HTMLText.escaped(short))</abbr>",
        sort: reading.basis)
    }
  }

  private static func words(_ cycles: Figure) -> String {
    func count(_ value: Double) -> String { Quantity.amount(value.rounded(), .cycles) }
    guard let low = cycles.low, let high = cycles.high, low < high else { return count(cycles.value) }
    return "\(count(cycles.value)), \(count(low)) to \(count(high))"
  }

  private func extra(
    _ title: String, _ hint: String, sort: @escaping (Reading) -> Double?,
    _ shown: @escaping (Reading) -> String
  ) -> PageColumn {
    column(title, hint, isExtra: true, sort: sort, shown)
  }

  private func column(
    _ title: String, _ hint: String, isLargestFirst: Bool = false, isExtra: Bool = false,
    sort: @escaping (Reading) -> Double?,
    _ shown: @escaping (Reading) -> String
  ) -> PageColumn {
    PageColumn(
      title: title, hint: "\(hint), \(target)", isLargestFirst: isLargestFirst, isExtra: isExtra,
      target: target
    ) { row in
      guard let reading = row.targets[target] else {
        return PageColumn.Cell(shown: Quantity.missing, sort: "")
      }
      let value = "<span class=\"value\">\(HTMLText.escaped(shown(reading)))</span>"
      let reason = HTMLText.escaped(reading.reason ?? "does not fit")
      return PageColumn.Cell(
        shown: reading.fits ? value : "<span title=\"\(reason)\">\(value)</span>",
        sort: sort(reading).map { "\($0)" } ?? "", style: reading.fits ? "" : "unfit")
    }
  }
}
