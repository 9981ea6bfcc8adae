import Foundation
import Readings

extension TrialResult {
  /// How test images can be scored.
  static let arithmetics = ["float", "simulated", "integer"]

  /// Throws `RunError.result`, naming the field, where the result breaks its own rules; the path is for messages.
  public func validate(path: String) throws(RunError) {
    let check = ResultCheck(path: path)
    guard schema == Self.schemaVersion else {
      throw check.fail("schema", "expected \(Self.schemaVersion), found \(schema)")
    }
    try validateIdentity(check)
    try accuracy.validate(check, classes: classes.count)
    try validateFigures(check)
    try check.each(targets.keys.sorted(), "targets") { (name, field) throws(RunError) in
      try check.text(name, field)
      try targets[name]?.validate(check, "targets.\(name)")
    }
    try check.each(stages, "stages") { (stage, field) throws(RunError) in try stage.validate(check, field) }
    try check.each(layers, "layers") { (layer, field) throws(RunError) in try layer.validate(check, field) }
    try check.each(mistakes, "mistakes") { (mistake, field) throws(RunError) in
      try mistake.validate(check, field)
    }
  }

  private func validateIdentity(_ check: ResultCheck) throws(RunError) {
    try check.fileName(name, "name")
    guard role.isRow else {
      throw check.fail("role", "is \"\(role.rawValue)\", and trials of that role leave no result")
    }
    try check.address(address, "address")
    try check.fileName(model, "model")
    for (values, field) in [(methods, "methods"), (controlOf, "controlOf"), (classes, "classes")] {
      try check.each(values, field) { (value, field) throws(RunError) in try check.text(value, field) }
    }
    guard !classes.isEmpty else { throw check.fail("classes", "expected at least one class, found none") }
    for (value, field) in [(bits, "bits"), (precision, "precision"), (instructionSet, "instructionSet")] {
      try check.text(value, field)
    }
    try check.count(threads, "threads", least: 1)
  }

  private func validateFigures(_ check: ResultCheck) throws(RunError) {
    try check.rate(validationTop1, "validationTop1")
    for (value, field) in [
      (size.fileBytes, "size.fileBytes"), (size.codedBytes, "size.codedBytes"), (parameters, "parameters"),
      (nonZeros, "nonZeros"), (multiplyAdds, "multiplyAdds"), (cost.trainingImages, "cost.trainingImages"),
    ] { try check.count(value, field) }
    try check.amount(cost.seconds, "cost.seconds")
  }
}

extension TrialResult.Accuracy {
  fileprivate func validate(_ check: ResultCheck, classes: Int) throws(RunError) {
    try check.count(images, "accuracy.images", least: 1)
    for (value, field) in [(top1, "top1"), (top5, "top5"), (ece, "ece")] {
      try check.rate(value, "accuracy.\(field)")
    }
    try check.amount(loss, "accuracy.loss")
    try check.word(arithmetic, of: TrialResult.arithmetics, "accuracy.arithmetic")
    try check.size(perClass.count, expected: classes, "accuracy.perClass")
    try check.each(perClass, "accuracy.perClass") { (rate, field) throws(RunError) in
      try check.rate(rate, field)
    }
    try validateConfusion(check, classes: classes)
    try validateCorrect(check)
  }

  private func validateConfusion(_ check: ResultCheck, classes: Int) throws(RunError) {
    try check.size(confusion.count, expected: classes, "accuracy.confusion")
    var total = 0
    for (truth, row) in confusion.enumerated() {
      let field = "accuracy.confusion[\(truth)]"
      try check.size(row.count, expected: classes, field)
      for (predicted, count) in row.enumerated() {
        guard count >= 0, count <= images - total else {
          throw check.fail(
            "\(field)[\(predicted)]", "expected \(images) images in all, none negative, found \(count)")
        }
        total += count
      }
    }
    guard total == images else {
      throw check.fail("accuracy.confusion", "expected \(images) images in all, found \(total)")
    }
  }

  /// The bit set, its length, and that it counts as many images right as `top1` and the confusion matrix do.
  private func validateCorrect(_ check: ResultCheck) throws(RunError) {
    let bits = try check.base64(correct, "accuracy.correct")
    let bytes = (images + 7) / 8
    guard bits.count == bytes else {
      throw check.fail(
        "accuracy.correct", "expected \(bytes) bytes for \(images) images, found \(bits.count)")
    }
    let right = bits.reduce(0) { $0 + $1.nonzeroBitCount }
    let diagonal = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
    guard right == diagonal else {
      throw check.fail("accuracy.correct", "has \(right) images told right, the confusion matrix \(diagonal)")
    }
    guard abs(top1 * Double(images) - Double(right)) < 0.5 else {
      throw check.fail("accuracy.top1", "is \(top1), but \(right) of \(images) images were told right")
    }
  }
}

extension Reading {
  func validate(_ check: ResultCheck, _ field: String) throws(RunError) {
    guard !figures.isEmpty else { throw check.fail(field, "tells of no resource") }
    for resource in resources { try validate(resource, check, field) }
    try check.word(basis, of: Basis.allCases.map(\.rawValue), field + ".basis")
    if let reason { try check.text(reason, field + ".reason", canBeEmpty: true) }
    if let relativeError { try check.amount(relativeError, field + ".relativeError") }
    for (value, name) in [
      (memory?.weightBytes, "weightBytes"), (memory?.codeBytes, "codeBytes"),
      (memory?.valueBytes, "valueBytes"), (memory?.variableBytes, "variableBytes"),
      (memory?.stackBytes, "stackBytes"), (memory?.marginBytes, "marginBytes"),
      (imagesSimulated, "imagesSimulated"), (imagesUnequal, "imagesUnequal"),
    ] { if let value { try check.count(value, "\(field).\(name)") } }
    for (value, name) in [(method, "method"), (note, "note"), (origin, "origin")] {
      if let value { try check.text(value, "\(field).\(name)") }
    }
    try check.each(layers ?? [], field + ".layers") { (layer, field) throws(RunError) in
      try check.text(layer.name, field + ".name")
      try check.amount(layer.cycles, field + ".cycles")
    }
  }

  private func validate(_ resource: Resource, _ check: ResultCheck, _ field: String) throws(RunError) {
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
  func validate(_ check: ResultCheck, _ field: String) throws(RunError) {
    try check.text(name, field + ".name")
    try check.rate(validationTop1, field + ".validationTop1")
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
  fileprivate func validate(_ check: ResultCheck, _ field: String) throws(RunError) {
    for (value, name) in [(name, "name"), (kind, "kind"), (encoding, "encoding")] {
      try check.text(value, "\(field).\(name)", canBeEmpty: name == "encoding")
    }
    for (value, name) in [
      (bytesBefore, "bytesBefore"), (bytesAfter, "bytesAfter"), (multiplyAddsBefore, "multiplyAddsBefore"),
      (multiplyAddsAfter, "multiplyAddsAfter"),
    ] { try check.count(value, "\(field).\(name)") }
  }
}

extension TrialResult.Mistake {
  fileprivate func validate(_ check: ResultCheck, _ field: String) throws(RunError) {
    for (value, name) in [(file, "file"), (truth, "truth"), (predicted, "predicted")] {
      try check.text(value, "\(field).\(name)", canBeEmpty: true)
    }
    try check.rate(confidence, field + ".confidence")
    _ = try check.base64(png, field + ".png")
  }
}

extension ImageScores {
  /// What a validated accuracy says of every image.
  init(_ accuracy: TrialResult.Accuracy) {
    let bits = [UInt8](Data(base64Encoded: accuracy.correct) ?? Data())
    self.init(bits: bits, images: accuracy.images)
  }
}
