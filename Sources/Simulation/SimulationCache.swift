import Foundation
import Settings
import SystemPackage
import Tensors

/// Results of simulations by what they depend on. Any number of processes may ask for one at the same time; one makes it.
struct SimulationCache: Sendable {
  private let folder: String
  /// How often a lock that somebody holds is tried again.
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

  /// The result of a key; `make` is called with an empty folder where it is not there or cannot be read.
  func value(
    of key: String, make: (_ folder: String) async throws(SimulationError) -> Simulation
  ) async throws(SimulationError) -> Simulation {
    let path = "\(folder)/\(key).json"
    if let known = Self.read(path) { return known }
    let lock = try await self.lock(key)
    defer { try? lock.close() }
    if let known = Self.read(path) { return known }
    let work = "\(folder)/.work-\(key)"
    try? FileManager.default.removeItem(atPath: work)
    try Self.makeFolder(work)
    defer { try? FileManager.default.removeItem(atPath: work) }
    let simulation = try await make(work)
    try write(simulation, to: path)
    return simulation
  }

  private static func read(_ path: String) -> Simulation? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    let simulation = try? JSONDecoder().decode(Simulation.self, from: data)
    return simulation.flatMap { $0.isPlausible ? $0 : nil }
  }

  /// Holds a key until the descriptor is closed, or its process ends.
  private func lock(_ key: String) async throws(SimulationError) -> FileDescriptor {
    let path = "\(folder)/\(key).lock"
    let file: FileDescriptor
    do {
      // Compilers and simulators must not inherit it: the lock would outlive this process in them.
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

  private func write(_ simulation: Simulation, to path: String) throws(SimulationError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    do {
      try WholeFile.write(Array(try encoder.encode(simulation)), to: path)
    } catch {
      let reason = (error as? SystemError)?.description ?? FileFailure.reason(error, path: path)
      throw .file(path: path, reason: reason)
    }
  }
}
