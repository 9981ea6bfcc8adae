import Graphs
import Tensors
import TestSupport
import Testing

@testable import Encodings

@Suite("Hashed weights")
struct HashedTests {
  @Test(
    "xxHash32 of words is that of the reference implementation",
    arguments: [
      (0, 0, 0x08D6_D969), (1, 0, 0xF3BB_7693), (0, 1, 0x77F4_98C8), (12_345, 7, 0x3740_C7C0),
      (0xFFFF_FFFF, 0xDEAD_BEEF, 0xE9D9_8D33),
    ] as [(UInt32, UInt32, UInt32)])
  func reference(word: UInt32, seed: UInt32, hash: UInt32) {
    // Values of python-xxhash 4.1.0.
    #expect(XXHash32.hash(word, seed: seed) == hash)
  }

  @Test("Collisions are as many as those of independent draws", arguments: [1, 2, 3] as [UInt32])
  func collisions(seed: UInt32) {
    // Of n elements and K numbers, n(n - 1)/2K pairs share a number on average, with about that variance. K(1
    // - 1/K)^n numbers have no element, with less variance.
    let (n, count) = (40_000.0, 5_000.0)
    let hashed = Hashed(shape: [200, 200], count: 5_000, seed: seed)
    var members = Array(repeating: 0.0, count: 5_000)
    var negative = 0.0
    for place in hashed.ties.places {
      members[Int(place < 0 ? ~place : place)] += 1
      negative += place < 0 ? 1 : 0
    }
    let pairs = members.reduce(0) { $0 + $1 * ($1 - 1) / 2 }
    let expected = n * (n - 1) / 2 / count
    #expect(abs(pairs - expected) < 5 * expected.squareRoot(), "\(pairs) pairs, expected \(expected)")
    let free = Double(members.count { $0 == 0 })
    // (1 - 1/5000)^40000 · 5000.
    #expect(abs(free - 1.676) < 5 * 1.676.squareRoot())
    // Signs are fair and independent of the number.
    #expect(abs(negative - n / 2) < 5 * (n / 4).squareRoot())
    let sums = hashed.ties.means(Array(repeating: Float(1), count: 40_000).span)
    let chi = zip(sums, members).reduce(0) { $0 + Double($1.0) * Double($1.0) * $1.1 }
    #expect(abs(chi - count) < 5 * (2 * count).squareRoot(), "of squared sums of signs over members")
  }

  @Test("A number is the mean of its elements with their signs, and each is it or its negative")
  func projection() {
    let shape: Shape = [5, 8]
    let hashed = Hashed(shape: shape, count: 6, seed: 3)
    let masters = Tensor(random: shape, seed: 2)
    let values = Parameter(masters, encoding: hashed).projected.values
    for number in 0..<6 {
      let members = hashed.ties.places.indices.filter {
        let place = hashed.ties.places[$0]
        return Int(place < 0 ? ~place : place) == number
      }
      let signs = members.map { hashed.ties.places[$0] < 0 ? -1.0 : 1.0 }
      let mean =
        zip(members, signs).reduce(0) { $0 + Double(masters.values[$1.0]) * $1.1 }
        / Double(members.count)
      for (member, sign) in zip(members, signs) {
        #expect(abs(Double(values[member]) - sign * mean) < 1e-6)
      }
    }
    #expect(Set(values.map(\.magnitude)).count <= 6)
  }

  @Test("A file holds the numbers and a seed; of a slice also which indices are left")
  func bytes() throws {
    let hashed = Hashed(shape: [30, 40], count: 100, seed: 0xFFFF_FFFF)
    let tensor = Parameter(Tensor(random: [30, 40], seed: 1), encoding: hashed).projected
    let stored = hashed.store(tensor)
    #expect(stored.numbers.isEmpty && stored.streams.map(\.name) == ["seed", "centroids"])
    #expect(stored.streams.map { $0.bits * $0.symbols.count } == [32, 3200])
    #expect(hashed.bits == 3 && hashed.onGrid(Integer(bits: 8, scales: [1])).bits == 1)
    let slice = Parameter(tensor, encoding: hashed).sliced([1: [0, 7, 39]])
    let again = try #require(slice.encoding as? Hashed).sliced([0: [1, 2], 1: [1, 2]], shape: [30, 3])
    let kept = again.store(slice.value.gathering([1, 2], axis: 0).gathering([1, 2], axis: 1))
    #expect(kept.numbers == ["axis0": 30, "axis1": 40])
    #expect(kept.streams.map(\.name) == ["seed", "centroids", "axis0", "axis1"])
    #expect(kept.streams[2].symbols == [1, 2] && kept.streams[3].symbols == [7, 39])
    #expect(kept.streams[3].bits == 6)
    let (restored, values) = try Hashed.restore(kept, shape: [2, 2])
    #expect(restored == again)
    #expect(values.values == [47, 79, 87, 119].map { tensor.values[$0] })
    let whole = hashed.sliced([0: Array(0..<30)], shape: [30, 40])
    #expect(whole == hashed)
  }

  @Test("What a file cannot mean is refused")
  func hostile() {
    let hashed = Hashed(shape: [4, 9], count: 5, seed: 1).sliced([1: [0, 3, 8]], shape: [4, 9])
    let good = hashed.store(Tensor(random: [4, 3], seed: 1))
    func refused(_ words: String, _ change: (inout StoredTensor) -> Void) {
      var stored = good
      change(&stored)
      let message = errorMessage { _ = try Hashed.restore(stored, shape: [4, 3]) }
      #expect(message.contains(words), "\(message)")
    }
    refused("nothing thrown") { _ in }
    refused("1 number") { $0.streams[0].symbols = [] }
    refused("missing") { $0.streams.removeFirst() }
    refused("1 to") { $0.streams[1].symbols = [] }
    refused("finite") { $0.streams[1].symbols[0] = Float.infinity.bitPattern }
    refused("ascending") { $0.streams[2].symbols = [0, 8, 3] }
    refused("ascending") { $0.streams[2].symbols = [0, 3, 9] }
    refused("ascending") { $0.streams[2].symbols = [0, 3] }
    refused("more than the 3") { $0.numbers["axis1"] = 3 }
    refused("more than the 3") { $0.numbers["axis1"] = .max }
    refused("symbols of 30 bits") { $0.numbers["axis1"] = 1 << 30 }
    refused("missing") { $0.numbers["axis0"] = 8 }
    refused("at most") {
      $0.numbers["axis0"] = 1 << 29
      $0.streams.append(.init(name: "axis0", bits: 29, symbols: [0, 1, 2, 3]))
    }
  }
}
