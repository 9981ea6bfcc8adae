import Foundation
import Runs

/// The columns of the page's ranking that tell of one target.
struct PageReadings {
  /// The target's name.
  let target: String

  private typealias Reading = TrialResult.TargetReading

  /// What is always shown, then what is on demand.
  var columns: [PageColumn] {
    [
      column("Flash", "Program memory", sort: { Double($0.flashBytes) }) { Quantity.bytes($0.flashBytes) },
      column("RAM", "Peak working memory", sort: { Double($0.ramBytes) }) { Quantity.bytes($0.ramBytes) },
      column("Latency", "Time an image", sort: \.latencyMs) { Quantity.milliseconds($0.latencyMs) },
      column("Energy", "Energy an image", sort: \.energyMicrojoules) {
        Quantity.microjoules($0.energyMicrojoules)
      },
      basis,
      extra("Latency from to", "Interval by the target's uncertainty", sort: \.high) {
        "\(Quantity.milliseconds($0.low)) to \(Quantity.milliseconds($0.high))"
      },
      extra("Energy from to", "Interval by the target's uncertainty", sort: \.energyHigh) { reading in
        guard let low = reading.energyLow, let high = reading.energyHigh else { return Quantity.missing }
        return "\(Quantity.microjoules(low)) to \(Quantity.microjoules(high))"
      },
      extra("A day", "Energy of a day at the target's frame rate, sleep included", sort: \.energyPerDayJoules)
      {
        $0.energyPerDayJoules.map { Quantity.microjoules($0 * 1e6) } ?? Quantity.missing
      },
      extra("Cycles", "Clock cycles of an image, mean; least to most where they differ", sort: \.cycles?.mean)
      {
        $0.cycles.map(Self.words) ?? Quantity.missing
      },
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

  private static let shortBases = ["measured": "meas.", "simulated": "sim.", "modelled": "mod."]

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

  private static func words(_ cycles: TrialResult.CycleRange) -> String {
    let mean = Quantity.count(Int(cycles.mean.rounded()))
    guard cycles.min < cycles.max else { return mean }
    return
      "\(mean), \(Quantity.count(Int(cycles.min.rounded()))) to \(Quantity.count(Int(cycles.max.rounded())))"
  }

  private func extra(
    _ title: String, _ hint: String, sort: @escaping (Reading) -> Double?,
    _ shown: @escaping (Reading) -> String
  ) -> PageColumn {
    column(title, hint, isExtra: true, sort: sort, shown)
  }

  private func column(
    _ title: String, _ hint: String, isExtra: Bool = false, sort: @escaping (Reading) -> Double?,
    _ shown: @escaping (Reading) -> String
  ) -> PageColumn {
    PageColumn(title: title, hint: "\(hint), \(target)", isExtra: isExtra, target: target) { row in
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
