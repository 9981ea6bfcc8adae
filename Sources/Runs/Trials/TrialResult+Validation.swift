import Foundation
import Metrics
import Readings

extension TrialResult {
  /// The arithmetics that test images can be scored with.
  static let arithmetics = ["float", "simulated", "integer"]

  /// Throws `RunError.result` with the field where the result breaks a rule; the path is for messages.
  public func validate(path: String) throws(RunError) {
    do throws(FieldProblem) {
      try validate(FieldCheck())
    } catch {
      throw .result(path: path, field: error.field, reason: error.reason)
    }
  }

  private func validate(_ check: FieldCheck) throws(FieldProblem) {
    guard schema == Self.schemaVersion else {
      throw check.fail("schema", "expected \(Self.schemaVersion), found \(schema)")
    }
    try validateIdentity(check)
    try accuracy.validate(check, classes: classes.count)
    try validateFigures(check)
    try check.each(targets.keys.sorted(), "targets") { (name, field) throws(FieldProblem) in
      try check.text(name, field)
      try targets[name]?.validate(check, "targets.\(name)")
    }
    try check.each(stages, "stages") { (stage, field) throws(FieldProblem) in try stage.validate(check, field)
    }
    try check.each(layers, "layers") { (layer, field) throws(FieldProblem) in try layer.validate(check, field)
    }
    try check.each(mistakes, "mistakes") { (mistake, field) throws(FieldProblem) in
      try mistake.validate(check, field)
    }
    try check.each(pictures ?? [], "pictures") { (picture, field) throws(FieldProblem) in
      try picture.validate(check, field, classes: classes.count)
    }
  }

  private func validateIdentity(_ check: FieldCheck) throws(FieldProblem) {
    try check.fileName(name, "name")
    guard role.isRow else {
      throw check.fail("role", "is \"\(role.rawValue)\", and trials of that role leave no result")
    }
    try check.address(address, "address")
    try check.fileName(model, "model")
    for (values, field) in [(methods, "methods"), (controlOf, "controlOf"), (classes, "classes")] {
      try check.each(values, field) { (value, field) throws(FieldProblem) in try check.text(value, field) }
    }
    guard !classes.isEmpty else { throw check.fail("classes", "expected at least one class, found none") }
    for (value, field) in [(bits, "bits"), (precision, "precision"), (instructionSet, "instructionSet")] {
      try check.text(value, field)
    }
    try check.count(threads, "threads", least: 1)
  }

  private func validateFigures(_ check: FieldCheck) throws(FieldProblem) {
    try check.rate(validation, "validation")
    for (value, field) in [
      (size.fileBytes, "size.fileBytes"), (size.codedBytes, "size.codedBytes"), (parameters, "parameters"),
      (nonZeros, "nonZeros"), (multiplyAdds, "multiplyAdds"), (cost.trainingImages, "cost.trainingImages"),
    ] { try check.count(value, field) }
    try check.amount(cost.seconds, "cost.seconds")
    guard let work = multiplyAddsPerImage else { return }
    try check.amount(work.mean, "multiplyAddsPerImage.mean")
    try check.count(work.least, "multiplyAddsPerImage.least")
    try check.count(work.most, "multiplyAddsPerImage.most", least: work.least)
  }
}

extension TrialResult.Accuracy {
  fileprivate func validate(_ check: FieldCheck, classes: Int) throws(FieldProblem) {
    try check.word(arithmetic, of: TrialResult.arithmetics, "accuracy.arithmetic")
    do throws(FieldProblem) {
      try details.validate(classes: classes)
    } catch {
      throw check.fail("accuracy." + error.field, error.reason)
    }
  }
}

extension Reading {
  func validate(_ check: FieldCheck, _ field: String) throws(FieldProblem) {
    guard !figures.isEmpty else { throw check.fail(field, "tells of no resource") }
    for resource in resources { try validate(resource, check, field) }
    try check.word(basis, of: Basis.allCases.map(\.rawValue), field + ".basis")
    if let reason { try check.text(reason, field + ".reason", canBeEmpty: true) }
    if let relativeError { try check.amount(relativeError, field + ".relativeError") }
    if let unpruned { try check.amount(unpruned.latencyMs, field + ".unpruned.latencyMs") }
    for (value, name) in [
      (memory?.weightBytes, "weightBytes"), (memory?.codeBytes, "codeBytes"),
      (memory?.valueBytes, "valueBytes"), (memory?.variableBytes, "variableBytes"),
      (memory?.stackBytes, "stackBytes"), (memory?.marginBytes, "marginBytes"),
      (unpruned?.flashBytes, "unpruned.flashBytes"),
      (imagesSimulated, "imagesSimulated"), (imagesUnequal, "imagesUnequal"),
    ] { if let value { try check.count(value, "\(field).\(name)") } }
    for (value, name) in [(method, "method"), (note, "note"), (origin, "origin")] {
      if let value { try check.text(value, "\(field).\(name)") }
    }
    try check.each(layers ?? [], field + ".layers") { (layer, field) throws(FieldProblem) in
      try check.text(layer.name, field + ".name")
      try check.amount(layer.cycles, field + ".cycles")
    }
  }

  private func validate(_ resource: Resource, _ check: FieldCheck, _ field: String) throws(FieldProblem) {
    guard let figure = self[resource] else { return }
    let (value, low, high) = resource.keys
    if resource.unit.isWhole {
      guard let count = Int(exactly: figure.value) else {
        throw check.fail("\(field).\(value)", "expected a whole number, found \(figure.value)")
      }
      try check.count(count, "\(field).\(value)")
    }
    try check.text(resource.title, "\(field).\(value)")
    try check.text(resource.unit.rawValue, "\(field).\(value)")
    for (amount, name) in [(figure.value, value), (figure.low, low), (figure.high, high)] {
      if let amount { try check.amount(amount, "\(field).\(name)") }
    }
    if let least = figure.low, let most = figure.high, least > most {
      throw check.fail("\(field).\(low)", "is \(least), above \(high), \(most)")
    }
  }
}

extension TrialResult.StageRecord {
  func validate(_ check: FieldCheck, _ field: String) throws(FieldProblem) {
    try check.text(name, field + ".name")
    try check.rate(validation, field + ".validation")
    for (value, name) in [
      (epochs, "epochs"), (fileBytes, "fileBytes"), (multiplyAdds, "multiplyAdds"), (nonZeros, "nonZeros"),
    ] { try check.count(value, "\(field).\(name)") }
    if let energyMicrojoules { try check.amount(energyMicrojoules, field + ".energyMicrojoules") }
    for (value, name) in [(energyTarget, "energyTarget"), (energyOrigin, "energyOrigin")] {
      if let value { try check.text(value, "\(field).\(name)") }
    }
  }
}

extension TrialResult.LayerRecord {
  fileprivate func validate(_ check: FieldCheck, _ field: String) throws(FieldProblem) {
    for (value, name) in [(name, "name"), (kind, "kind"), (encoding, "encoding")] {
      try check.text(value, "\(field).\(name)", canBeEmpty: name == "encoding")
    }
    for (value, name) in [
      (bytesBefore, "bytesBefore"), (bytesAfter, "bytesAfter"), (multiplyAddsBefore, "multiplyAddsBefore"),
      (multiplyAddsAfter, "multiplyAddsAfter"),
    ] { try check.count(value, "\(field).\(name)") }
  }
}

extension TrialResult.Picture {
  fileprivate func validate(_ check: FieldCheck, _ field: String, classes: Int) throws(FieldProblem) {
    try check.text(file, field + ".file", canBeEmpty: true)
    try check.count(width, field + ".width", least: 1)
    try check.count(height, field + ".height", least: 1)
    _ = try check.base64(png, field + ".png")
    for (things, name) in [(truth, "truth"), (found, "found")] {
      try check.each(things, "\(field).\(name)") { (thing, field) throws(FieldProblem) in
        guard (0..<classes).contains(thing.label) else {
          throw check.fail(
            field + ".label", "expected one of \(classes) classes, found \(thing.label)")
        }
        for edge in [thing.left, thing.top, thing.right, thing.bottom] {
          try check.amount(edge, field)
        }
        try check.rate(thing.confidence, field + ".confidence")
      }
    }
  }
}

extension TrialResult.Mistake {
  fileprivate func validate(_ check: FieldCheck, _ field: String) throws(FieldProblem) {
    for (value, name) in [(file, "file"), (truth, "truth"), (predicted, "predicted")] {
      try check.text(value, "\(field).\(name)", canBeEmpty: true)
    }
    try check.rate(confidence, field + ".confidence")
    _ = try check.base64(png, field + ".png")
  }
}
