import Runs

/// The pictures of every target, which work without scripts; scripts show one target at a time.
struct PagePictures {
  private let report: RunReport

  init(_ report: RunReport) { self.report = report }

  /// The HTML; `nil` where no student can be drawn.
  var html: String? {
    guard !report.targets.isEmpty else { return figure(PictureMeasure.file, target: nil) }
    let parts = report.targets.compactMap { target -> String? in
      let figures = PictureMeasure.onTarget(report.resources(of: target)).compactMap {
        figure($0, target: target)
      }
      guard !figures.isEmpty else { return nil }
      return "<div class=\"pictures-of\" data-name=\"\(HTMLText.escaped(target))\">\n"
        + "<h3>\(HTMLText.escaped(target))</h3>\n<p class=\"quiet\">\(words(target))</p>\n"
        + figures.joined(separator: "\n") + "\n</div>"
    }
    return parts.isEmpty ? nil : parts.joined(separator: "\n")
  }

  /// A picture in two sizes, for screens and for phones; the style shows one of them.
  private func figure(_ measure: PictureMeasure, target: String?) -> String? {
    let sizes = [(name: "wide", width: 860.0, height: 480.0), (name: "narrow", width: 356.0, height: 400.0)]
    let drawn = sizes.compactMap { size in
      TradeoffPicture(report, measure, target: target, width: size.width, height: size.height).map {
        PictureSVG($0).inline(size.name)
      }
    }
    return drawn.isEmpty ? nil : "<figure>\n\(drawn.joined(separator: "\n"))\n</figure>"
  }

  private func words(_ target: String) -> String {
    let alike = report.ranking.targets[target]?.energyRanksAsLatency == true
    return HTMLText.escaped(
      "Figures are \(TargetWords(report, target).basis)."
        + (alike ? " Energy ranks the rows exactly as latency does." : ""))
  }
}

extension RunReport {
  /// The text of `picture.svg`: accuracy against flash on the first target, or against the file without
  /// targets.
  ///
  /// Without students the picture says so.
  var picture: String {
    let target = targets.first
    let measure = target.flatMap { PictureMeasure.onTarget(resources(of: $0)).first } ?? PictureMeasure.file
    if let picture = TradeoffPicture(self, measure, target: target, width: 860, height: 480) {
      return PictureSVG(picture).file
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 40" role="img"><text x="12" y="25">There is no student to draw.</text></svg>

      """
  }
}
