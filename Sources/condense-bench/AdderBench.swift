import ArgumentParser
import Export
import Foundation

/// The benchmark `adders`: the number of additions for constant matrices.
struct AdderBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adders",
    abstract: "Additions that constant matrices take, and the seconds that finding them takes.",
    discussion:
      "FILE is a JSON mapping from names to lists of matrices, each a list of rows, one an output.")

  @Argument(help: "The matrices.")
  var file: String

  /// The result for one matrix.
  private struct Row: Encodable {
    let name: String
    let additions, depth: Int
    let seconds: Double
    /// True if the graph of additions computes the product with a test vector.
    let isExact: Bool
  }

  func run() throws {
    let data = try Data(contentsOf: URL(filePath: file))
    let matrices = try JSONDecoder().decode([String: [[[Int]]]].self, from: data)
    var rows: [Row] = []
    for (name, list) in matrices.sorted(by: { $0.key < $1.key }) {
      for matrix in list {
        guard let width = matrix.first?.count, matrix.allSatisfy({ $0.count == width }) else {
          throw ValidationError("\(file): expected rows of one length in \(name)")
        }
        let start = ContinuousClock.now
        let graph = AdderGraph(rows: matrix)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let vector = (0..<width).map { ($0 * 37 + 11) % 256 - 128 }
        let product = matrix.map { zip($0, vector).reduce(0) { $0 + $1.0 * $1.1 } }
        rows.append(
          Row(
            name: name, additions: graph.adders, depth: graph.depth, seconds: seconds,
            isExact: graph(vector) == product))
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    print(String(decoding: try encoder.encode(rows), as: UTF8.self))
  }
}
