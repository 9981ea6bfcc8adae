// swift-tools-version: 6.3
import PackageDescription

/// Shared by every target: memory safety is explicit, warnings fail the build, imports state a file's surface.
let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A C target: headers under `include/`, linked with system libraries.
func native(_ name: String, _ dependencies: [Target.Dependency] = [], links libraries: String...) -> Target {
  .target(name: name, dependencies: dependencies, linkerSettings: libraries.map { .linkedLibrary($0) })
}

/// By target, all that it may import, filled from top to bottom.
nonisolated(unsafe) var imports: [String: [Target.Dependency]] = [:]

/// The dependencies that a target names, and all that those may import.
///
/// All of it is declared: a target that imports another without declaring it is not built again when that one changes.
func closure(_ dependencies: [Target.Dependency]) -> [Target.Dependency] {
  var seen: Set<String> = []
  let all = dependencies.flatMap { dependency -> [Target.Dependency] in
    guard case .byNameItem(let name, _) = dependency else { return [dependency] }
    return [dependency] + (imports[name] ?? [])
  }
  return all.filter { seen.insert("\($0)").inserted }
}

/// A Swift library target; ARCHITECTURE.md's table says what each may import.
func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], _ extra: [SwiftSetting] = [],
  exclude: [String] = [], resources: [Resource] = []
) -> Target {
  imports[name] = closure(dependencies)
  return .target(
    name: name, dependencies: closure(dependencies), exclude: exclude, resources: resources,
    swiftSettings: settings + extra)
}

func program(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .executableTarget(
    name: name, dependencies: closure(dependencies), resources: resources, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: closure(dependencies + ["TestSupport"]), exclude: exclude,
    swiftSettings: settings)
}

let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let numerics: Target.Dependency = .product(name: "RealModule", package: "swift-numerics")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let flyingFox: [Target.Dependency] = [
  .product(name: "FlyingFox", package: "FlyingFox"), .product(name: "FlyingSocks", package: "FlyingFox"),
]
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "condense",
  products: [
    .executable(name: "condense", targets: ["condense"]),
    .executable(name: "condense-bench", targets: ["condense-bench"]),
  ],
  traits: [
    .trait(name: "MPI", description: "condense train under mpirun or srun, with Open MPI; see `make mpi`.")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    native("CDNNL", ["CGomp", "CInstructions"], links: "dnnl"),
    native("CGomp", links: "gomp"),
    native("CIntegers", ["CInstructions"]),
    .target(name: "CInstructions"),
    native("CPNG", links: "png"),
    native("CJPEG", links: "jpeg"),
    native("CArchive", links: "archive", "z"),
    .target(name: "CFlatBuffers"),
    native("CLAPACK", links: "lapacke", "openblas"),

    // Without the trait there is nothing in it and in MPI, so that nobody needs mpi.h.
    .target(
      name: "CMPI", cSettings: [.define("CONDENSE_MPI", .when(traits: ["MPI"]))],
      linkerSettings: [.linkedLibrary("mpi", .when(traits: ["MPI"]))]),
    .target(name: "CProcess"),
    .target(name: "CAllocations"),

    library("Settings", [yams]),
    library("Readings", ["Settings"]),
    library("Tensors", [numerics, "CGomp"], [.enableExperimentalFeature("Lifetimes")]),
    library("LinearAlgebra", ["Tensors", "CLAPACK"]),
    library("Graphs", ["Tensors", "Settings"]),
    library("Ops", ["Graphs"]),
    library("Encodings", ["Ops"]),
    library("Execution", ["Encodings"]),
    library("DNNL", ["Execution", "CDNNL", "CInstructions"]),
    library("Integers", ["Execution", "CIntegers"]),
    library("Networks", ["Ops"]),
    library("Images", ["Tensors", "CPNG", "CJPEG"]),
    library("Archives", ["CArchive"]),
    library("Datasets", ["Images", "Archives", "Settings", crypto]),
    library("Metrics", ["Tensors"]),
    library("Tasks", ["Ops", "Datasets", "Metrics"]),
    library("Training", ["Execution", "Tasks", crypto]),
    library("MPI", ["Training", "CMPI"]),
    library("Methods", ["Training", "LinearAlgebra"]),
    library("Targets", ["Execution", "Readings"]),
    library("FlatBuffers", ["CFlatBuffers"]),
    library(
      "Export", ["Targets", "Integers", "Tasks", "FlatBuffers", protobuf],
      exclude: ["ONNX/Format/onnx.proto"],
      resources: [.embedInCode("Resources")]),
    library("Simulation", ["Export", subprocess, system, crypto], resources: [.embedInCode("Resources")]),
    library("Runs", ["Readings", "Metrics", grdb]),
    library("Trials", ["Integers", "Methods", "Networks", "Simulation", "Runs", crypto]),
    library("Recipes", ["Trials"]),
    library("Comparison", ["Recipes", subprocess, system]),
    library("Reports", ["Runs", "Settings", crypto], resources: [.embedInCode("Resources")]),
    library("Serving", ["Reports"] + flyingFox, resources: [.embedInCode("Resources")]),
    program(
      "condense",
      [
        "DNNL", "Integers", "Comparison", "Reports", "Serving", "CProcess", arguments,
        .target(name: "MPI", condition: .when(traits: ["MPI"])),
      ]),
    program(
      "condense-bench",
      ["DNNL", "Integers", "Networks", "Methods", "Simulation", "CProcess", "CAllocations", arguments],
      resources: [.embedInCode("Resources")]),

    .target(
      name: "TestSupport", dependencies: closure(["Execution", "Tasks"]), path: "Tests/TestSupport",
      swiftSettings: settings),
    .target(
      name: "TrialSupport", dependencies: closure(["Recipes"]) + ["TestSupport"], path: "Tests/TrialSupport",
      swiftSettings: settings),
    .target(
      name: "ReportSupport", dependencies: closure(["Reports", "Images"]) + ["TestSupport"],
      path: "Tests/ReportSupport", swiftSettings: settings),
    tests("SettingsTests", ["Settings"]),
    tests("ReadingsTests", ["Readings"]),
    tests("TensorsTests", ["Tensors"]),
    tests("LinearAlgebraTests", ["LinearAlgebra"]),
    tests("GraphsTests", ["Graphs", "Ops"]),
    tests("OpsTests", ["Ops", "Execution"]),
    tests("EncodingsTests", ["Encodings", "Networks"]),
    tests("ExecutionTests", ["Execution"]),
    tests("DNNLTests", ["DNNL"]),
    tests("IntegersTests", ["Integers"]),
    tests("NetworksTests", ["Networks"]),
    tests("ImagesTests", ["Images"]),
    tests("ArchivesTests", ["Archives"]),
    tests("DatasetsTests", ["Datasets", crypto]),
    tests("TrainingTests", ["Training", "DNNL", "Networks"]),
    tests("TasksTests", ["Tasks", "Images"]),
    tests("MethodsTests", ["Methods", "DNNL", "Networks"]),
    tests("RunsTests", ["Runs"]),
    tests("TargetsTests", ["Targets", "Networks"]),
    tests("SimulationTests", ["Simulation"]),
    tests("ExportTests", ["Export", "Networks", "DNNL"], exclude: ["Resources"]),
    tests("ReportsTests", ["Reports", "ReportSupport"]),
    tests("ServingTests", ["Serving", "ReportSupport"]),
    tests("TrialsTests", ["Recipes", "TrialSupport"]),
    tests("RecipesTests", ["Recipes", "TrialSupport"]),
    tests("ComparisonTests", ["Comparison"]),
    tests("CommandTests", ["condense"]),
    tests("ArchitectureTests", ["Networks", "Datasets", "Ops"]),
  ],
  swiftLanguageModes: [.v6]
)
