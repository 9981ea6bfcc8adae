import Readings
import Metrics
import Runs

/// The table `ranking.csv`: one line for each row with all figures, unrounded.
///
/// Rates are fractions, sizes are bytes, and names contain units.
struct RankingCSV {
  private let report: RunReport

  init(_ report: RunReport) { self.report = report }

  /// The whole file.
  var text: String {
    let columns = columns
    return CSVRecord.line(columns.map(\.name))
      + report.rows.map { row in CSVRecord.line(columns.map { $0.value(row) }) }.joined()
  }

  private typealias Column = (name: String, value: (Ranking.Row) -> String)

  private var columns: [Column] {
    identity + accuracy + size + report.targets.flatMap(readings) + cost
  }

  private var identity: [Column] {
    [
      ("name", { $0.name }), ("role", { $0.role }), ("methods", { $0.methods.joined(separator: ";") }),
      ("families", { report.families(of: $0).joined(separator: ";") }),
      ("controlOf", { $0.controlOf.joined(separator: ";") }),
      ("seeds", { $0.seeds.map(String.init).joined(separator: ";") }), ("indicative", { "\($0.indicative)" }),
    ]
  }

  private var accuracy: [Column] {
    let metric = report.ranking.metric?.key ?? "accuracy"
    return [
      (metric + "Mean", { "\($0.accuracy.mean)" }), (metric + "Sd", { Self.text($0.accuracy.sd) }),
      (metric + "Low", { "\($0.accuracy.low)" }), (metric + "High", { "\($0.accuracy.high)" }),
      ("arithmetic", { $0.accuracy.arithmetic }),
      ("againstTeacherMean", { Self.text($0.againstTeacher?.mean) }),
      ("againstTeacherLow", { Self.text($0.againstTeacher?.low) }),
      ("againstTeacherHigh", { Self.text($0.againstTeacher?.high) }),
      ("againstTeacherPValue", { Self.text($0.againstTeacher?.pValue) }),
    ]
  }

  private var size: [Column] {
    [
      ("fileBytes", { "\($0.size.fileBytes)" }), ("codedBytes", { "\($0.size.codedBytes)" }),
      ("sizeRatio", { Self.text(report.sizeRatio($0)) }), ("parameters", { "\($0.parameters)" }),
      ("nonZeros", { "\($0.nonZeros)" }), ("multiplyAdds", { "\($0.multiplyAdds)" }), ("bits", { $0.bits }),
    ]
  }

  private var cost: [Column] {
    [
      ("trainingImages", { "\($0.cost.trainingImages)" }), ("trainingSeconds", { "\($0.cost.seconds)" }),
      ("paretoOn", { $0.paretoOn.joined(separator: ";") }), ("model", { $0.model }),
      ("warnings", { $0.warnings.joined(separator: "; ") }),
    ]
  }

  private func readings(of target: String) -> [Column] {
    func column(_ name: String, _ value: @escaping (Reading) -> String) -> Column {
      ("\(target).\(name)", { $0.targets[target].map(value) ?? "" })
    }
    func amount(_ name: String, _ resource: Resource, _ part: KeyPath<Figure, Double?>? = nil) -> Column {
      column(name) { reading in
        guard let figure = reading[resource] else { return "" }
        if let part { return Self.text(figure[keyPath: part]) }
        return resource.unit.isWhole
          ? Int(exactly: figure.value).map(String.init) ?? "\(figure.value)" : "\(figure.value)"
      }
    }
    func interval(_ name: String, _ resource: Resource) -> [Column] {
      [amount(name + "Low", resource, \.low), amount(name + "High", resource, \.high)]
    }
    let known: [Resource] = [.flash, .ram, .latency, .energy]
    let others = report.resources(of: target).filter { !known.contains($0) }.flatMap { resource in
      let unit = resource.unit == .count ? "" : resource.unit.rawValue
      let name = resource.name + unit.prefix(1).uppercased() + unit.dropFirst()
      return [amount(name, resource)] + interval(name, resource)
    }
    let first = [
      amount("flashBytes", .flash), amount("ramBytes", .ram), amount("latencyMs", .latency),
      amount("latencyMsLow", .latency, \.low), amount("latencyMsHigh", .latency, \.high),
      amount("energyMicrojoules", .energy), amount("energyMicrojoulesLow", .energy, \.low),
      amount("energyMicrojoulesHigh", .energy, \.high), amount("energyPerDayJoules", .energyPerDay),
      amount("cyclesMin", .cycles, \.low), amount("cyclesMean", .cycles),
      amount("cyclesMax", .cycles, \.high),
    ]
    return first + others + [
      column("stackBytes") { $0.memory.map { "\($0.stackBytes)" } ?? "" },
      column("imagesSimulated") { $0.imagesSimulated.map(String.init) ?? "" },
      column("imagesUnequal") { $0.imagesUnequal.map(String.init) ?? "" },
      column("basis") { $0.basis }, column("method") { $0.method ?? "" },
      column("fits") { "\($0.fits)" }, column("reason") { $0.reason ?? "" }, column("note") { $0.note ?? "" },
    ]
  }

  private static func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
}
