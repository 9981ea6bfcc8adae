import Foundation
import Readings
import Settings
import TestSupport
import Testing

@testable import ReportSupport
@testable import Reports
@testable import Runs

@Suite("The folder for MLflow")
struct MLflowTests {
  private static let python = PeerPython("mlflow-skinny==3.17.2")

  /// The report of a run in a folder, with specifications beside the results.
  private static func report(_ run: SyntheticRun, in directory: RunDirectory) throws -> RunReport {
    try directory.fill(run.report)
    let report = try RunFolder(path: directory.path).report()
    for folder in report.folders.values {
      try Data(
        """
        {"data": "glyphs", "stages": [{"method": {"magnitude-pruning": {"sparsity": 0.8}}, "training": {"batch": 32}}]}
        """.utf8
      ).write(to: URL(filePath: folder + "/spec.json"))
    }
    return report
  }

  @Test(
    "Written twice it is the same, and names of files hold nothing but letters, digits, points, dashes",
    arguments: 0..<2)
  func files(run: Int) throws {
    let directory = try RunDirectory()
    let report = try Self.report([SyntheticRun(), .recordable][run], in: directory)
    let files = MLflowStore(report, "/store").files
    #expect(files.count == Set(files.map(\.path)).count)
    #expect(files.map(\.path) == MLflowStore(report, "/store").files.map(\.path))
    for file in files {
      #expect(
        file.path.wholeMatch(
          of: /[0-9]+\/([0-9a-f]{32}\/((params|metrics|tags|artifacts)\/)?)?[A-Za-z0-9._-]+/) != nil,
        "\(file.path)")
      #expect(!file.path.contains(".."))
    }
    let out = directory.path + "/out"
    for _ in 0..<2 {
      try report.write(try #require(ReportFormat.named("mlflow")), to: out, charts: nil)
      let written = try #require(FileManager.default.enumerator(atPath: out)?.allObjects as? [String])
        .filter { !FileManager.default.fileExists(atPath: out + "/" + $0 + "/.") }
      #expect(Set(written) == Set(files.map(\.path)))
    }
  }

  @Test(
    "MLflow 3's client reads every run, parameter and step",
    .enabled(if: python.mayBeAsked, "PyPI cannot be reached"),
    arguments: 0..<2)
  func peer(run: Int) throws {
    let directory = try RunDirectory()
    let report = try Self.report([SyntheticRun(), .recordable][run], in: directory)
    let out = directory.path + "/out"
    try report.write(try #require(ReportFormat.named("mlflow")), to: out, charts: nil)
    let script = """
      import json, os, sys
      os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
      from mlflow.tracking import MlflowClient
      client = MlflowClient(tracking_uri="file://" + sys.argv[1])
      [experiment] = [e for e in client.search_experiments() if e.experiment_id != "0"]
      runs = []
      for run in client.search_runs([experiment.experiment_id], max_results=50000):
        history = lambda key: [[m.step, m.value, m.timestamp] for m in client.get_metric_history(run.info.run_id, key)]
        runs.append({"name": run.info.run_name, "status": run.info.status, "params": run.data.params,
          "metrics": run.data.metrics, "loss": history("loss"), "order": run.info.start_time <= run.info.end_time,
          "artifacts": len(client.list_artifacts(run.info.run_id))})
      print(json.dumps({"experiment": experiment.name, "runs": runs}))
      """
    let answer = try SettingsNode(
      json: String(decoding: Self.python.run(script, [out]), as: UTF8.self), source: "MLflow")
    #expect(try answer["experiment"]?.string("name") == TerminalText.printable(report.ranking.run))
    let runs = try #require(answer["runs"]).list("runs")
    #expect(runs.count == report.trials.count)
    for trial in report.trials {
      let name = TerminalText.printable("\(trial.name), seed \(trial.seed)")
      let found = try #require(try runs.first { try $0["name"]?.string("name") == name }, "\(name)")
      #expect(
        found["status"] == "FINISHED".node && found["order"] == true.node && found["artifacts"] == 2.node)
      let params = try #require(found["params"])
      #expect(params["role"] == trial.role.rawValue.node && params["address"] == trial.address.node)
      #expect(params["stage1.method.magnitude-pruning.sparsity"] == "0.8".node)
      #expect(params["stage1.training.batch"] == "32".node && params["data"] == "glyphs".node)
      let metrics = try #require(found["metrics"])
      func metric(_ name: String) throws -> Double { try #require(metrics[name], "\(name)").number(name) }
      #expect(try metric("testTop1") == trial.accuracy.value)
      #expect(try metric("fileBytes") == Double(trial.size.fileBytes))
      for (target, reading) in trial.targets {
        guard let flash = reading[.flash],
          target.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { continue }
        #expect(try metric("\(target).flash") == flash.value)
      }
      let curve = report.curves.first { $0.name == trial.name && $0.seed == trial.seed }
      let history = try found.required("loss", of: "a run").list("loss").map {
        try [Double](reading: $0, key: "loss")
      }
      #expect(history.map { $0[0] } == (curve?.epochs.indices.map { Double($0 + 1) } ?? []))
      #expect(history.map { $0[1] } == (curve?.epochs.compactMap(\.loss) ?? []))
      #expect(history.map { $0[2] } == history.map { $0[2] }.sorted())
    }
  }
}
