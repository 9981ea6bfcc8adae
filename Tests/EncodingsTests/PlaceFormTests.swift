import Graphs
import Tensors
import TestSupport
import Testing

@testable import Encodings

/// A mask for which a form of places takes the fewest bits.
struct PlaceCase: CustomTestStringConvertible, Sendable {
  let form: PlaceForm
  let coded: Bool
  let shape: Shape
  let mask: Mask

  var testDescription: String { "\(form), \(shape)\(coded ? ", coded" : "")" }

  init(_ form: PlaceForm, coded: Bool = false, _ shape: Shape, _ survives: (Int) -> Bool) {
    (self.form, self.coded, self.shape) = (form, coded, shape)
    mask = Mask((0..<shape.count).map(survives))
  }

  /// Creates a mask of independent survivors with a density.
  init(_ form: PlaceForm, coded: Bool = false, _ shape: Shape, density: Float) {
    var random = SeededRandom(seed: 4, purpose: "places", shape.count)
    let survives = (0..<shape.count).map { _ in random.uniform() < density }
    self.init(form, coded: coded, shape) { survives[$0] }
  }

  static let all: [PlaceCase] = [
    PlaceCase(.gaps(bits: 4), [50, 400], density: 0.1),
    PlaceCase(.mask(bits: 1), [40, 30], density: 0.7),
    PlaceCase(.mask(bits: 8), coded: true, [100, 100], density: 0.8),
    PlaceCase(.rows, [4, 65_536], density: 1 / 5000),
    // Two of four along the input axis, whose elements are nine apart; the pair changes with the group.
    PlaceCase(.pattern(kept: 2, of: 4), [6, 8, 3, 3]) { place in
      let (group, input) = (place / 36 * 9 + place % 9, place / 9 % 4)
      return [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]][group * 7 % 6].contains(input)
    },
    PlaceCase(.pattern(kept: 1, of: 16), [64, 64]) { $0 % 16 == $0 / 16 * 11 % 16 },
  ]

  var tensor: Tensor { Tensor((0..<shape.count).map { mask[$0] ? Float($0 % 7 + 1) : 0 }, shape: shape) }
}

@Suite("Places of survivors")
struct PlaceFormTests {
  /// The size of streams in a file, in bits.
  private func bits(_ streams: [StoredTensor.Stream], shape: Shape, coded: Bool) -> Int {
    var writer = BitWriter()
    var previous: Int?
    for stream in streams {
      SymbolCount.write(stream.symbols.count, shape: shape, previous: previous, to: &writer)
      SymbolCoding.write(stream.symbols, bits: stream.bits, coded: coded, to: &writer)
      previous = stream.symbols.count
    }
    return writer.bitCount
  }

  private static var forms: [PlaceForm] {
    PlaceForm.gapWidths.map { .gaps(bits: $0) }
      + [.mask(bits: 1), .mask(bits: 8), .rows, .pattern(kept: 2, of: 4), .pattern(kept: 1, of: 16)]
  }

  /// The streams of a mask in a form; `nil` if the form cannot hold it.
  private func streams(_ form: PlaceForm, _ item: PlaceCase) -> [StoredTensor.Stream]? {
    let name =
      switch form {
      case .gaps: "gaps"
      case .mask: "mask"
      case .rows: "rows"
      case .pattern: form.description
      }
    let width =
      switch form {
      case .gaps(let bits), .mask(let bits): bits
      default: 1
      }
    let like = StoredTensor(streams: [.init(name: name, bits: width, symbols: [])])
    let streams = SurvivorPlaces(item.mask, shape: item.shape).streams(as: .like(like))
    return PlaceForm(of: streams) == form ? streams : nil
  }

  @Test("The form that takes the fewest bits is chosen, as the file counts them", arguments: PlaceCase.all)
  func smallest(item: PlaceCase) throws {
    let places = SurvivorPlaces(item.mask, shape: item.shape)
    let chosen = places.streams(as: item.coded ? .coded : .packed)
    #expect(PlaceForm(of: chosen) == item.form)
    let best = bits(chosen, shape: item.shape, coded: item.coded)
    for form in Self.forms {
      guard let other = streams(form, item) else { continue }
      #expect(bits(other, shape: item.shape, coded: item.coded) >= best, "\(form)")
    }
  }

  @Test("Every form of every mask is read, and stored alike", arguments: PlaceCase.all)
  func restored(item: PlaceCase) throws {
    let sparse = Sparse(mask: item.mask)
    var read = 0
    for form in Self.forms {
      guard let places = streams(form, item) else { continue }
      var stored = sparse.store(item.tensor)
      stored.streams = places + [stored.streams[stored.streams.count - 1]]
      let (copy, tensor) = try Sparse.restore(stored, shape: item.shape)
      #expect(copy == sparse && tensor == item.tensor, "\(form)")
      #expect(copy.store(tensor, as: .like(stored)) == stored, "\(form)")
      read += 1
    }
    #expect(read >= 14)
  }

  @Test("Sizes are known before they are written", arguments: [1, 3, 8, 12, 13, 20, 32])
  func sizes(width: Int) {
    var random = SeededRandom(seed: 6, purpose: "symbols", width)
    let symbols = (0..<500).map { _ in
      UInt32(truncatingIfNeeded: random.next()) >> UInt32(32 - width) & (random.uniform() < 0.8 ? 3 : .max)
    }
    for coded in [false, true] {
      var writer = BitWriter()
      SymbolCoding.write(symbols, bits: width, coded: coded, to: &writer)
      #expect(SymbolCoding.bitCount(symbols, bits: width, coded: coded) == writer.bitCount)
    }
  }

  @Test(
    "Every combination has a number of its own",
    arguments: [(1, 2), (2, 4), (3, 7), (1, 32), (8, 16), (31, 32)])
  func combinations(kept: Int, of: Int) throws {
    let count = NeighbourGroups.binomial(of, kept)
    let groups = try #require(NeighbourGroups(kept: kept, of: of, shape: [count, of]))
    let symbols = (0..<count).map { UInt32($0) }
    let survivors = try #require(groups.survivors(symbols))
    let mask = Mask(count: count * of, survivors: survivors)
    #expect(mask.survivorCount == count * kept)
    #expect(groups.symbols(of: mask) == symbols)
    #expect(
      Set(stride(from: 0, to: count * of, by: of).map { first in (0..<of).map { mask[first + $0] } }).count
        == count)
    #expect(groups.survivors([UInt32(count)]) == nil)
  }

  @Test(
    "Rows and patterns that lie are refused with the reason",
    arguments: [
      (
        [.init(name: "rows", bits: 3, symbols: [1, 0])], "sparse: the stream of columns is missing"
      ),
      (
        [.init(name: "rows", bits: 3, symbols: [1, 1]), .init(name: "columns", bits: 3, symbols: [2, 3])],
        "sparse: rows: expected 2 counts of 3 bits and columns of 2, found 2 of 3 and of 3"
      ),
      (
        [.init(name: "rows", bits: 3, symbols: [1, 2]), .init(name: "columns", bits: 2, symbols: [2, 3])],
        "sparse: columns: expected 3, as the rows say, found 2"
      ),
      (
        [.init(name: "rows", bits: 3, symbols: [0, 2]), .init(name: "columns", bits: 2, symbols: [3, 3])],
        "sparse: columns of row 1: expected ascending ones below 4, found 3"
      ),
      (
        [.init(name: "2:3", bits: 2, symbols: [0, 0])],
        "sparse: 2:3: expected inputs that 3 divides, found 2x4"
      ),
      (
        [.init(name: "2:4", bits: 3, symbols: [0])], "sparse: 2:4: expected 2 symbols of 3 bits, found 1 of 3"
      ),
      (
        [.init(name: "2:4", bits: 3, symbols: [0, 6])],
        "sparse: 2:4: expected symbols below 6, found a larger one"
      ),
      (
        [.init(name: "4:4", bits: 3, symbols: [0, 6])],
        "sparse: first stream: expected gaps, mask, rows or N:M, found \"4:4\""
      ),
      (
        [.init(name: "mask", bits: 8, symbols: [1, 2])],
        "sparse: mask: expected 8 symbols of 1 bit or 1 of 8, found 2 of 8"
      ),
    ] as [([StoredTensor.Stream], String)])
  func lies(streams: [StoredTensor.Stream], expected: String) {
    let stored = StoredTensor(inner: ["dense"], streams: streams)
    #expect(errorMessage { _ = try Sparse.restore(stored, shape: [2, 4]) } == expected)
  }

  @Test(
    "Of 1,000 seeded changes to each form's streams each is refused or is a form of its mask",
    arguments: PlaceCase.all)
  func mutations(item: PlaceCase) throws {
    let original = Sparse(mask: item.mask).store(item.tensor, as: item.coded ? .coded : .packed)
    var random = SeededRandom(seed: 9, purpose: "changes", item.shape.count)
    var refused = 0
    for change in 0..<1000 {
      var stored = original
      let stream = Int(random.next() % UInt64(stored.streams.count))
      let count = stored.streams[stream].symbols.count
      let place = count == 0 ? 0 : Int(random.next() % UInt64(count))
      switch random.next() % 5 {
      case 0 where count > 0: stored.streams[stream].symbols[place] ^= 1 << UInt32(random.next() % 32)
      case 1: stored.streams[stream].symbols.insert(UInt32(random.next() % 4), at: place)
      case 2 where count > 0: stored.streams[stream].symbols.remove(at: place)
      case 3: stored.streams[stream].bits += random.next() % 2 == 0 ? 1 : -1
      default: stored.streams[stream].name = ["gaps", "mask", "rows", "2:4", "1:16", "columns"][change % 6]
      }
      do throws(EncodingError) {
        let (encoding, tensor) = try Sparse.restore(stored, shape: item.shape)
        if encoding.store(tensor, as: .like(stored)) == stored {
          let (again, same) = try Sparse.restore(stored, shape: item.shape)
          #expect(again == encoding && same == tensor)
        } else {
          refused += 1
        }
      } catch {
        #expect(!error.description.isEmpty)
        refused += 1
      }
    }
    #expect((100...1000).contains(refused), "\(refused)")
  }

  @Test("A file says how each tensor's survivors are found, and files of version 1 are read")
  func file() throws {
    var model = try Students.dense("lenet5")
    let names = model.graph.parameters.keys.filter { $0.hasSuffix(".weight") }.sorted()
    for name in names {
      guard let value = model.graph.parameters[name]?.value else { continue }
      let parameter = Parameter(value, encoding: Sparse(mask: Students.mask(value)))
      model.graph.parameters[name] = Parameter(parameter.projected, encoding: parameter.encoding)
    }
    let sizes = try StudentFile.tensorSizes(of: model, coded: false)
    let weights = sizes.filter { names.contains($0.name) }
    #expect(
      weights.allSatisfy { $0.form == "sparse \($0.places?.description ?? "?") dense" && $0.symbolBits == 32 }
    )
    #expect(sizes.filter { !names.contains($0.name) }.allSatisfy { $0.places == nil && $0.form == "dense" })
    var bytes = try StudentFile.bytes(of: model, coded: false)
    #expect(bytes[4] == 2)
    bytes[4] = 1
    #expect(try StudentFile.read(bytes: bytes, file: "s") == model)
  }
}
