import Foundation
import Settings
import SystemPackage
import Tensors

/// A cache of simulation results under the digest of their inputs.
///
/// Any number of processes may ask for a result at the same time; one of them makes it.
struct SimulationCache: Sendable {
  private let folder: String
  /// The pause before a lock that another process holds is tried again.
  private static let patience = Duration.milliseconds(100)

  init(folder: String) throws(SimulationError) {
    self.folder = folder
    try Self.makeFolder(folder)
  }

  static func makeFolder(_ path: String) throws(SimulationError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .file(path: path, reason: FileFailure.reason(error, path: path))
    }
  }

  /// The result of a key; calls `make` with an empty folder where the result is missing or cannot be read.
  func value<Value: CachedResult>(
    of key: String, make: (_ folder: String) async throws(SimulationError) -> Value
  ) async throws(SimulationError) -> Value {
    let path = "\(folder)/\(key).json"
    if let known: Value = Self.read(path) { return known }
    let lock = try await self.lock(key)
    defer { try? lock.close() }
    if let known: Value = Self.read(path) { return known }
    let work = "\(folder)/.work-\(key)"
    try? FileManager.default.removeItem(atPath: work)
    try Self.makeFolder(work)
    defer { try? FileManager.default.removeItem(atPath: work) }
    let simulation = try await make(work)
    try write(simulation, to: path)
    return simulation
  }

  private static func read<Value: CachedResult>(_ path: String) -> Value? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    let value = try? JSONDecoder().decode(Value.self, from: data)
    return value.flatMap { $0.isPlausible ? $0 : nil }
  }

  /// Locks a key until the descriptor is closed or the process ends.
  private func lock(_ key: String) async throws(SimulationError) -> FileDescriptor {
    let path = "\(folder)/\(key).lock"
    let file: FileDescriptor
    do {
      // Compilers and simulators must not inherit the descriptor: they would keep the lock after this process
      // ends.
      file = try FileDescriptor.open(
        FilePath(path), .readWrite, options: [.create, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      throw .file(path: path, reason: "cannot be opened: \(error); is the cache's folder writable?")
    }
    while flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK, (try? await Task.sleep(for: Self.patience)) != nil else {
        try? file.close()
        throw .file(path: path, reason: "cannot be locked")
      }
    }
    return file
  }

  private func write(_ value: some CachedResult, to path: String) throws(SimulationError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    do {
      try WholeFile.write(Array(try encoder.encode(value)), to: path)
    } catch {
      let reason = (error as? SystemError)?.description ?? FileFailure.reason(error, path: path)
      throw .file(path: path, reason: reason)
    }
  }
}

/// A result that the cache can keep; an implausible one is made again.
protocol CachedResult: Codable {
  /// True if all its numbers are possible.
  var isPlausible: Bool { get }
}

extension Simulation: CachedResult {}

extension FlowResult: CachedResult {
  /// True if all numbers are in the range of real runs.
  var isPlausible: Bool {
    let numbers = cycles + clocksMHz + clockInterval + layers.map(\.cycles) + amounts.map { Double($0.value) }
    return cycles.count == 3 && clockInterval.count == 2 && flashBytes >= 0 && ramBytes >= 0
      && numbers.allSatisfy { $0 >= 0 && $0 < 1e15 }
  }
}
