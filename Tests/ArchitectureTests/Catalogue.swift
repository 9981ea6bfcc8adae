import Foundation
import Testing

/// A folder of interchangeable types, with the list by which the program knows them.
struct Catalogue: CustomTestStringConvertible, Sendable {
  /// The name of the types in messages.
  let name: String
  /// The folder with a file for each type.
  let folder: String
  /// The protocols that such a type conforms to.
  let protocols: Set<String>
  /// The file with the list.
  let list: String
  /// The types of other modules that the list names.
  var foreign: Set<String> = []
  /// True if several types of a family share a file.
  var sharesFiles = false

  static let all = [
    Catalogue(
      name: "ops", folder: "Sources/Ops", protocols: ["Op", "ProductOp", "Activation", "Pooling"],
      list: "Sources/Ops/OpCatalogue+Standard.swift"),
    Catalogue(
      name: "ops of objectives", folder: "Sources/Ops/Losses",
      protocols: ["Loss", "BatchLoss", "RelationLoss", "ItemMap", "ObjectiveOp"],
      list: "Sources/Ops/Losses/OpCatalogue+Training.swift"),
    Catalogue(
      name: "training ops", folder: "Sources/Ops/Training", protocols: ["TrainingOp"],
      list: "Sources/Ops/Training/TrainingOp.swift"),
    Catalogue(
      name: "encodings", folder: "Sources/Encodings",
      protocols: ["Encoding", "SharedNumbers", "TiedEncoding", "ValueEncoding", "TrainingEncoding"],
      list: "Sources/Encodings/EncodingCatalogue+Standard.swift", foreign: ["Dense"]),
    Catalogue(
      name: "blocks", folder: "Sources/Networks/Blocks", protocols: ["Block"],
      list: "Sources/Networks/BlockCatalogue.swift"),
    Catalogue(
      name: "augmentations", folder: "Sources/Datasets/Augmentations", protocols: ["Augmentation"],
      list: "Sources/Datasets/Augmentation.swift"),
    Catalogue(
      name: "data sources", folder: "Sources/Datasets/Sources", protocols: ["DataSource"],
      list: "Sources/Datasets/Sources/DataSource.swift"),
    Catalogue(
      name: "optimizers", folder: "Sources/Training/Optimizers", protocols: ["Optimizer"],
      list: "Sources/Training/Optimizers/Optimizer.swift"),
    Catalogue(
      name: "schedules", folder: "Sources/Training/Schedules", protocols: ["Schedule"],
      list: "Sources/Training/Schedules/Schedule.swift"),
    Catalogue(
      name: "methods", folder: "Sources/Methods",
      protocols: [
        "CompressionMethod", "WeightPruningMethod", "SplicingMethod", "ChannelPruningMethod",
        "FactorizationMethod", "FilterMethod",
      ],
      list: "Sources/Methods/MethodCatalogue.swift"),
    Catalogue(
      name: "criteria", folder: "Sources/Methods/Criteria", protocols: ["Saliency"],
      list: "Sources/Methods/Criteria/Saliency.swift"),
    Catalogue(
      name: "allocations", folder: "Sources/Methods/Pruning/Allocations", protocols: ["Allocation"],
      list: "Sources/Methods/Pruning/Allocations/Allocation.swift"),
    Catalogue(
      name: "pruned units", folder: "Sources/Methods/Pruning/Units", protocols: ["UnitShape"],
      list: "Sources/Methods/Pruning/Units/UnitShape.swift"),
    Catalogue(
      name: "exporters", folder: "Sources/Export", protocols: ["Exporter"],
      list: "Sources/Export/ExporterCatalogue.swift"),
    Catalogue(
      name: "searches", folder: "Sources/Trials/Search", protocols: ["SearchStrategy"],
      list: "Sources/Trials/Search/SearchStrategy.swift"),
    Catalogue(
      name: "distillers", folder: "Sources/Training/Distillers",
      protocols: ["Distiller", "LogitDistiller", "ValueDistiller"],
      list: "Sources/Training/Distillers/Distiller.swift"),
    Catalogue(
      name: "penalties", folder: "Sources/Training/Penalties", protocols: ["Penalty"],
      list: "Sources/Training/Penalties/Penalty.swift"),
    Catalogue(
      name: "simulators", folder: "Sources/Simulation", protocols: ["Simulator"],
      list: "Sources/Simulation/SimulatorCatalogue.swift"),
    Catalogue(
      name: "flows", folder: "Sources/Simulation/Flows", protocols: ["DeviceFlow"],
      list: "Sources/Simulation/Flows/FlowCatalogue.swift"),
    Catalogue(
      name: "ONNX readers", folder: "Sources/Export/ONNX/Reading/Nodes", protocols: ["ONNXNodeReader"],
      list: "Sources/Export/ONNX/Reading/ONNXNodeReader.swift", sharesFiles: true),
  ]

  var testDescription: String { name }

  /// The conforming types that the folder declares, with their files.
  func declared() throws -> [(type: String, file: String)] {
    var found: [(type: String, file: String)] = []
    for file in try Repository.swiftFiles(folder) {
      for (type, inherited) in Repository.types(in: try Repository.text(file))
      where !protocols.isDisjoint(with: inherited) {
        found.append((type, file))
      }
    }
    return found
  }

  /// The types that the list names.
  func listed() throws -> [String] {
    let words = Repository.code(try Repository.text(list)).split { !$0.isLetter && !$0.isNumber && $0 != "." }
    return words.filter { $0.hasSuffix(".self") && $0.first?.isUppercase == true }.map {
      String($0.dropLast(".self".count))
    }
  }
}
