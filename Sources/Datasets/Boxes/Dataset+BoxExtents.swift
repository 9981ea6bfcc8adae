extension Dataset {
  /// The widths and heights of all things in images that are not for testing, as shares of the image: `[w0, h0, w1, h1, …]`.
  ///
  /// Crowds are left out. Validation images count too, so that the result is the same for every seed.
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
