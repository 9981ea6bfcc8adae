import Foundation
public import Readings
import Settings

/// Measurements on a real board, one for each line of a CSV file.
///
/// **Columns**, named in the first line, in any order: `latencyMs`; either `model` (a file, which is
/// estimated again) or `estimatedMs` (the profile's estimate); and optionally `energyMicrojoules`.
public struct BoardReadings: Sendable, Equatable {
  /// One inference of one model.
  public struct Entry: Sendable, Equatable {
    /// The line of the file, from 1.
    public var line: Int
    /// The model's file; `nil` where the estimate is given.
    public var model: String?
    /// The profile's estimate in ms; `nil` where the model is named.
    public var estimatedMs: Double?
    /// The measured latency, and the energy if it was measured.
    public var reading: Reading
  }

  /// The measurements in the order of the file.
  public let entries: [Entry]

  /// The size in bytes of the largest file that is read.
  static let maximumBytes = 1 << 20
  private static let columns = ["model", "estimatedMs", "latencyMs", "energyMicrojoules"]

  /// Reads a file; throws `TargetError.readings` with the line of an error.
  public init(contentsOf path: String) throws(TargetError) {
    let data: Data
    do {
      data = try FileContents.read(path, atMost: Self.maximumBytes)
    } catch {
      throw .readings(path: path, line: nil, reason: FileFailure.reason(error, path: path))
    }
    guard data.count <= Self.maximumBytes, let text = String(data: data, encoding: .utf8) else {
      throw .readings(
        path: path, line: nil, reason: "expected UTF-8 text of at most \(Self.maximumBytes) bytes")
    }
    try self.init(text, path: path)
  }

  /// Reads text; the path is for messages.
  public init(_ text: String, path: String) throws(TargetError) {
    var names: [String]?
    var entries: [Entry] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      guard !line.allSatisfy(\.isWhitespace) else { continue }
      let place = Place(path: path, line: index + 1)
      let fields = try place.fields(line)
      if let names {
        entries.append(try place.entry(fields, names))
      } else {
        names = try place.columns(fields, known: Self.columns)
      }
    }
    guard !entries.isEmpty else {
      throw .readings(
        path: path, line: nil,
        reason: "no readings; the first line names the columns: \(Self.columns.joined(separator: ", "))")
    }
    self.entries = entries
  }
}

/// The place of a line, for messages.
private struct Place {
  let path: String
  let line: Int

  func fail(_ reason: String) -> TargetError { .readings(path: path, line: line, reason: reason) }

  /// The fields between commas; a field in double quotes may contain commas.
  func fields(_ text: Substring) throws(TargetError) -> [String] {
    var fields = [""]
    var isQuoted = false
    for character in text {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: fields.append("")
      default: fields[fields.count - 1].append(character)
      }
    }
    guard !isQuoted else { throw fail("a double quote is not closed") }
    return fields.map { $0.trimmingCharacters(in: .whitespaces) }
  }

  func columns(_ names: [String], known: [String]) throws(TargetError) -> [String] {
    for name in names where !known.contains(name) {
      let hint = Spelling.nearest(to: name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
      throw fail("\"\(name.prefix(60))\" is no column\(hint) (\(known.joined(separator: ", ")))")
    }
    guard Set(names).count == names.count else { throw fail("a column is named twice") }
    guard names.contains("latencyMs"), names.contains("model") != names.contains("estimatedMs") else {
      throw fail("expected the column latencyMs, and either model or estimatedMs")
    }
    return names
  }

  func entry(_ fields: [String], _ names: [String]) throws(TargetError) -> BoardReadings.Entry {
    guard fields.count == names.count else {
      throw fail("expected \(names.count) fields, found \(fields.count)")
    }
    var entry = BoardReadings.Entry(line: line, reading: Reading(basis: .measured, [:]))
    for (name, field) in zip(names, fields) {
      switch name {
      case "model": entry.model = try text(field)
      case "estimatedMs": entry.estimatedMs = try amount(field, name)
      case "latencyMs": entry.reading[.latency] = Figure(try amount(field, name))
      default: entry.reading[.energy] = field.isEmpty ? nil : Figure(try amount(field, name))
      }
    }
    return entry
  }

  private func text(_ field: String) throws(TargetError) -> String {
    guard !field.isEmpty, field.utf8.count <= 4096 else { throw fail("expected the path of a model") }
    return field
  }

  /// A number in the range that a meter can show, 1e-9...1e12.
  private func amount(_ field: String, _ name: String) throws(TargetError) -> Double {
    let isDecimal = field.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
    guard isDecimal, let value = Double(field), value >= 1e-9, value <= 1e12 else {
      throw fail("\"\(name)\" must be a number in 1e-09...1e+12, found \"\(field.prefix(60))\"")
    }
    return value
  }
}
