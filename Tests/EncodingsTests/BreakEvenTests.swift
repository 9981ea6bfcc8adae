import Graphs
import Tensors
import Testing

@testable import Encodings

@Suite("Break-even of sparse storage")
struct BreakEvenTests {
  private static let shape: Shape = [200, 1000]

  /// The counted bits of values and places for each element, with survivors drawn at a density.
  private func counted(_ form: PlaceForm, density: Double, valueBits: Int) throws -> Double {
    var random = SeededRandom(seed: 1, purpose: "break-even", Int(density * 1e6))
    let mask = Mask((0..<Self.shape.count).map { _ in Double(random.uniform()) < density })
    let name =
      switch form {
      case .gaps: "gaps"
      case .mask: "mask"
      default: "rows"
      }
    let width =
      switch form {
      case .gaps(let bits), .mask(let bits): bits
      default: 1
      }
    let like = StoredTensor(streams: [.init(name: name, bits: width, symbols: [])])
    let streams = SurvivorPlaces(mask, shape: Self.shape).streams(as: .like(like))
    #expect(PlaceForm(of: streams) == form)
    let bits = streams.reduce(mask.survivorCount * valueBits) { $0 + $1.symbols.count * $1.bits }
    return Double(bits) / Double(Self.shape.count)
  }

  @Test(
    "At the break-even density drawn masks take what dense storage takes, below less, above more",
    arguments: [2, 4, 5, 8, 32],
    [PlaceForm.gaps(bits: 2), .gaps(bits: 4), .gaps(bits: 8), .mask(bits: 1), .rows])
  func drawn(valueBits: Int, form: PlaceForm) throws {
    let density = BreakEven.density(form, valueBits: valueBits, columns: Self.shape[1])
    let dense = Double(valueBits)
    #expect(abs(try counted(form, density: density, valueBits: valueBits) / dense - 1) < 0.02)
    #expect(try counted(form, density: density * 0.9, valueBits: valueBits) < dense)
    #expect(try counted(form, density: min(1, density * 1.1), valueBits: valueBits) > dense)
  }

  @Test("Formulas equal what is counted at any density", arguments: [0.3, 0.05, 0.002])
  func places(density: Double) throws {
    for form in [PlaceForm.gaps(bits: 3), .gaps(bits: 6), .mask(bits: 1), .rows] {
      let expected = BreakEven.placeBits(form, density: density, columns: Self.shape[1])
      let found = try counted(form, density: density, valueBits: 0)
      #expect(abs(found / expected - 1) < 0.1, "\(form): \(found), \(expected)")
    }
  }

  @Test("Closed forms by hand: masks at 8 bits, CSR of 1,024 columns, 2:4")
  func byHand() {
    #expect(BreakEven.density(.mask(bits: 1), valueBits: 8, columns: 1) == 0.875)
    // With 1,024 columns a place takes 10 bits, and the count of a row 11.
    #expect(abs(BreakEven.density(.rows, valueBits: 8, columns: 1024) - (8 - 11.0 / 1024) / 18) < 1e-12)
    // One of C(4, 3) = 4 combinations takes 2 bits. With 8-bit values, 3·8 + 2 < 32. With 2-bit values, 3·2 +
    // 2 is not less than 8, but 2·2 + 3 is.
    #expect(BreakEven.density(.pattern(kept: 1, of: 4), valueBits: 8, columns: 1) == 0.75)
    #expect(BreakEven.density(.pattern(kept: 1, of: 4), valueBits: 2, columns: 1) == 0.5)
  }

  @Test(
    "No form pays above the density that the entropy of independent places allows",
    arguments: [2, 3, 4, 8, 16, 32])
  func ideal(valueBits: Int) {
    let bound = BreakEven.idealDensity(valueBits: valueBits)
    let cost = bound * Double(valueBits) + BreakEven.entropy(bound)
    #expect(abs(cost - Double(valueBits)) < 1e-9 && bound <= 1)
    #expect(BreakEven.density(.mask(bits: 1), valueBits: valueBits, columns: 1) <= bound + 1e-9)
    #expect(BreakEven.gaps(valueBits: valueBits).density <= bound + 1e-9)
    #expect(BreakEven.density(.rows, valueBits: valueBits, columns: 512) <= bound + 1e-9)
  }

  @Test(
    "The ideal index takes 4.69 bits a survivor at a tenth and 8.08 at a hundredth, as the literature has it")
  func literature() {
    #expect(abs(BreakEven.entropy(0.1) / 0.1 - 4.69) < 0.005)
    #expect(abs(BreakEven.entropy(0.01) / 0.01 - 8.08) < 0.005)
  }
}
