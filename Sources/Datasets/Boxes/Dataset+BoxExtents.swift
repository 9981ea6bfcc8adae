extension Dataset {
  /// The width and the height of every thing in images that are not for testing, one after another, as shares of the image's; crowds
  /// are passed over. Validation images count too, so that it is the same for every seed.
  public var boxExtents: [Float] {
    records.filter { $0.split != .test }.flatMap { record in
      record.annotation.things.filter { !$0.isCrowd }.flatMap { thing in
        [
          (thing.box.right - thing.box.left) / Float(record.width),
          (thing.box.bottom - thing.box.top) / Float(record.height),
        ]
      }
    }
  }
}
