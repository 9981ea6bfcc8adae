import Foundation
import Testing

@testable import Reports

@Suite("Pictures of curves")
struct CurvePictureTests {
  private static func picture(_ count: Int, name: (Int) -> String = { "layer\($0)" }) -> CurvePicture {
    CurvePicture(
      title: "Curves", across: "share", metric: "top-1",
      curves: (0..<count).map { number in
        CurvePicture.Curve(
          name: name(number),
          points: (0...10).map { step in
            (Double(step) / 10.5, 0.98 / (1 + exp(Double(step - number % 11))) + 0.01)
          }, isMarked: number == 2)
      }, width: 860, height: 480)
  }

  @Test("Corners lie where shares and rates put them, inside the axes", arguments: [1, 5, 30])
  func places(count: Int) throws {
    let picture = Self.picture(count)
    for (curve, places) in picture.lines {
      #expect(places.count == curve.points.count)
      for (point, place) in zip(curve.points, places) {
        #expect(picture.plot.contains(PictureBox(around: place.x, place.y, reach: 0)))
        #expect(
          abs((place.x - picture.plot.left) / picture.plot.width - picture.across.share(point.across)) < 1e-12
        )
      }
      // Lower rates are lower in the picture.
      for (a, b) in zip(zip(curve.points, places), zip(curve.points, places).dropFirst()) {
        #expect(a.0.rate == b.0.rate || (a.0.rate > b.0.rate) == (a.1.y < b.1.y))
      }
    }
    for (place, label) in picture.labels.enumerated() {
      #expect(picture.plot.contains(label.box))
      for other in picture.labels.dropFirst(place + 1) { #expect(!label.box.intersects(other.box)) }
    }
    #expect(count > 5 || picture.labels.count == count)
  }

  @Test("The file is well-formed, whatever curves are called, and bears every curve")
  func file() throws {
    let names = ["a<b", "\"&'", "\u{202E}reverse", "\u{FFFE}", "plain"]
    let text = Self.picture(5, name: { names[$0] }).file
    #expect(
      text.matches(of: /<(svg|g|text|title|style)[ >]/).count
        == text.matches(of: /<\/(svg|g|text|title|style)>/).count)
    #expect(text.contains("a&lt;b") && !text.contains("a<b") && !text.contains("\u{FFFE}"))
    #expect(text.components(separatedBy: "class=\"curve").count == 6)
    #expect(text.components(separatedBy: "class=\"curve marked\"").count == 2)
  }
}
