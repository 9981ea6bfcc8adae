import Datasets
import Execution
import Export
import Graphs
import Methods
import Networks
import Ops
import Settings
import Readings
import Targets
import Training
import Trials

/// One kind of name that `condense list` shows.
struct Listing: Sendable {
  /// A name with its summary.
  struct Item {
    let name: String
    let summary: String
  }

  let name: String
  let items: @Sendable () throws -> [Item]

  static var allNames: String { all.map(\.name).joined(separator: ", ") }

  static let all = [
    Listing(name: "methods") {
      MethodCatalogue.all.map { Item(name: $0.name, summary: $0.summary) }
    },
    Listing(name: "criteria") {
      SaliencyCatalogue.all.map { Item(name: $0.name, summary: "\($0.summary) (\(settings(of: $0)))") }
    },
    Listing(name: "allocations") {
      AllocationCatalogue.all.map { Item(name: $0.name, summary: "\($0.summary) (\(settings(of: $0)))") }
    },
    Listing(name: "units") {
      UnitCatalogue.all.map { Item(name: $0.name, summary: "\($0.summary) (\(settings(of: $0)))") }
    },
    Listing(name: "networks") {
      try NetworkSpec.all(in: Locations.folders("Teachers")).map { Item(name: $0.name, summary: $0.title) }
    },
    Listing(name: "datasets") {
      try DataManifest.all(in: Locations.folders("Data")).map { Item(name: $0.name, summary: $0.summary) }
    },
    Listing(name: "targets") {
      try TargetProfile.all(in: Locations.folders("Recipes/targets")).map {
        Item(
          name: $0.name,
          summary: "\($0.title) (\($0.simulator.map { "by \($0.kind)" } ?? $0.basis.rawValue))")
      }
    },
    Listing(name: "formats") {
      ExporterCatalogue.all.map { Item(name: $0.name, summary: "\($0.summary) (\(settings(of: $0)))") }
    },
    Listing(name: "ops") {
      OpCatalogue.standard.types.map { Item(name: $0.kind, summary: settings(of: $0)) }
    },
    Listing(name: "augmentations") {
      AugmentationCatalogue.all.map { Item(name: $0.name, summary: "\($0.summary) (\(settings(of: $0)))") }
    },
    Listing(name: "optimizers") {
      OptimizerCatalogue.all.map { Item(name: $0.name, summary: "\($0.summary) (\(settings(of: $0)))") }
    },
    Listing(name: "objectives") {
      DistillerCatalogue.all.map { Item(name: $0.name, summary: "\($0.summary) (\(settings(of: $0)))") }
    },
    Listing(name: "penalties") {
      PenaltyCatalogue.all.map { Item(name: $0.name, summary: "\($0.summary) (\(settings(of: $0)))") }
    },
    Listing(name: "searches") {
      SearchCatalogue.all.map { Item(name: $0.name, summary: "\($0.summary) (\(settings(of: $0)))") }
    },
    Listing(name: "schedules") {
      ScheduleCatalogue.all.map { Item(name: $0.name, summary: "\($0.summary) (\(settings(of: $0)))") }
    },
  ]

  private static func settings<C: Configurable>(of type: C.Type) -> String {
    let names = C.settings.map(\.name)
    return names.isEmpty ? "no settings" : names.joined(separator: ", ")
  }
}
