import Foundation
import Images
import Settings
import Testing

@testable import Datasets

@Suite("Loader")
struct LoaderTests {
  private static func dataset(count: Int = 11) throws -> (Dataset, TemporaryFolder) {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: count)
    var options = DatasetOptions()
    options.cacheDirectory = nil
    options.validationFraction = 0
    return (try Dataset.open(folder.path, options: options), folder)
  }

  private static let input = InputShape(channels: 3, height: 8, width: 8)

  private static func options(threads: Int, batch: Int = 4, augmented: Bool = true) throws -> LoaderOptions {
    let names = augmented ? AugmentationCatalogue.names : []
    return LoaderOptions(
      split: .train, batch: batch, seed: 5, shuffle: true,
      augmentations: try AugmentationCatalogue.read(
        SettingsNode(.list(names.map { SettingsNode(.string($0)) }))),
      input: input, normalization: Normalization(mean: [100, 110, 120], deviation: [50, 60, 70]),
      threads: threads)
  }

  struct Seen: Equatable {
    var images: [Float]
    var annotations: [Annotation]
    var indices: [Int]
    var partners: [Annotation]
    var shares: [Float]
  }

  private static func epoch(_ loader: Loader, _ epoch: Int, from step: Int = 0) throws -> [Seen] {
    loader.startEpoch(epoch, fromStep: step)
    var seen: [Seen] = []
    while let batch = try loader.next() {
      seen.append(
        Seen(
          images: Array(batch.images[..<(batch.count * input.count)]),
          annotations: Array(batch.annotations[..<batch.count]),
          indices: Array(batch.indices[..<batch.count]), partners: Array(batch.partners[..<batch.count]),
          shares: Array(batch.shares[..<batch.count])))
    }
    return seen
  }

  @Test("0, 1 and 3 threads give the same bytes, epoch after epoch")
  func threads() throws {
    let (dataset, folder) = try Self.dataset()
    defer { withExtendedLifetime(folder) {} }
    let reference = try Loader(dataset, try Self.options(threads: 0))
    let expected = try (0..<3).map { try Self.epoch(reference, $0) }
    #expect(expected[0].count == 6 && expected[0] != expected[1])
    for threads in [1, 3] {
      let loader = try Loader(dataset, try Self.options(threads: threads))
      for epoch in 0..<3 {
        let seen = try Self.epoch(loader, epoch)
        #expect(seen == expected[epoch])
      }
    }
  }

  @Test("started in the middle of an epoch it goes on with the same bytes", arguments: [0, 1, 3])
  func resume(_ threads: Int) throws {
    let (dataset, folder) = try Self.dataset()
    defer { withExtendedLifetime(folder) {} }
    let loader = try Loader(dataset, try Self.options(threads: threads))
    let whole = try Self.epoch(loader, 2)
    loader.startEpoch(1)
    _ = try loader.next()
    let rest = try Self.epoch(loader, 2, from: 4)
    #expect(rest == Array(whole[4...]))
  }

  @Test("a part of a batch has the bytes that it has in the whole batch, blended with its partners or not")
  func part() throws {
    let (dataset, folder) = try Self.dataset()
    defer { withExtendedLifetime(folder) {} }
    for augmented in [false, true] {
      let whole = try Self.epoch(Loader(dataset, try Self.options(threads: 0, augmented: augmented)), 1)
      for part in [0..<1, 1..<3, 2..<4] {
        var options = try Self.options(threads: 1, augmented: augmented)
        options.part = part
        let seen = try Self.epoch(Loader(dataset, options), 1)
        #expect(seen.map(\.indices) == whole.map(\.indices))
        for (own, all) in zip(seen, whole) {
          for place in part where place < all.indices.count {
            let pixels = place * Self.input.count..<(place + 1) * Self.input.count
            #expect(own.images[pixels] == all.images[pixels])
            #expect(own.annotations[place] == all.annotations[place])
            #expect(own.partners[place] == all.partners[place] && own.shares[place] == all.shares[place])
          }
        }
      }
    }
  }

  @Test("taking turns, a loader has all annotations, and the pixels of its own batches")
  func turns() throws {
    let (dataset, folder) = try Self.dataset()
    defer { withExtendedLifetime(folder) {} }
    let whole = try Self.epoch(Loader(dataset, try Self.options(threads: 0, augmented: false)), 0)
    var options = try Self.options(threads: 1, augmented: false)
    options.turn = (number: 1, count: 2)
    let seen = try Self.epoch(Loader(dataset, options), 0)
    #expect(seen.map(\.annotations) == whole.map(\.annotations) && seen.count > 3)
    for step in seen.indices {
      #expect((seen[step].images == whole[step].images) == (step % 2 == 1))
    }
  }

  @Test("every image comes once an epoch, and each epoch has its own order")
  func coverage() throws {
    let (dataset, folder) = try Self.dataset()
    defer { withExtendedLifetime(folder) {} }
    let loader = try Loader(dataset, try Self.options(threads: 2))
    let first = try Self.epoch(loader, 0).flatMap(\.indices)
    let second = try Self.epoch(loader, 1).flatMap(\.indices)
    #expect(first.sorted() == dataset.indices(of: .train))
    #expect(second.sorted() == first.sorted() && first != second)
  }

  @Test("values are pixels minus mean over deviation, in planes")
  func normalization() throws {
    let (dataset, folder) = try Self.dataset()
    defer { withExtendedLifetime(folder) {} }
    let loader = try Loader(dataset, try Self.options(threads: 1, augmented: false))
    let batch = try #require(try Self.epoch(loader, 0).first)
    let reader = ImageReader(dataset)
    for (position, index) in batch.indices.enumerated() {
      let image = try reader.image(index, atLeast: nil)
      #expect(batch.annotations[position] == dataset.records[index].annotation)
      for c in 0..<3 {
        for p in 0..<64 {
          let expected = (Float(image.pixels[3 * p + c]) - [100, 110, 120][c]) / [50, 60, 70][c]
          #expect(batch.images[position * 192 + c * 64 + p] == expected)
        }
      }
    }
  }

  @Test("mixup blends a pair and its targets by one share")
  func mixing() throws {
    let (dataset, folder) = try Self.dataset()
    defer { withExtendedLifetime(folder) {} }
    let plain = try Self.epoch(try Loader(dataset, try Self.options(threads: 0, augmented: false)), 0)[0]
    var options = try Self.options(threads: 0, augmented: false)
    options.augmentations = [Mixup()]
    let mixed = try Self.epoch(try Loader(dataset, options), 0)[0]
    for i in 0..<4 {
      let j = 3 - i
      #expect(mixed.partners[i] == plain.annotations[j] && mixed.shares[i] == mixed.shares[j])
      for k in 0..<192 {
        let expected =
          mixed.shares[i] * plain.images[i * 192 + k] + (1 - mixed.shares[i]) * plain.images[j * 192 + k]
        #expect(abs(mixed.images[i * 192 + k] - expected) < 1e-5)
      }
    }
  }

  @Test("a last batch that is not full is partial or left out")
  func partial() throws {
    let (dataset, folder) = try Self.dataset()
    defer { withExtendedLifetime(folder) {} }
    var options = try Self.options(threads: 1, batch: 5)
    let partial = try Loader(dataset, options)
    let sizes = try Self.epoch(partial, 0).map(\.annotations.count)
    #expect(sizes == [5, 5, 5, 5, 2] && partial.stepsPerEpoch == 5)
    options.dropLast = true
    let full = try Loader(dataset, options)
    let dropped = try Self.epoch(full, 0).map(\.annotations.count)
    #expect(dropped == [5, 5, 5, 5])
  }

  @Test("a network of another size and of one channel gets resized grey images")
  func conversion() throws {
    let (dataset, folder) = try Self.dataset()
    defer { withExtendedLifetime(folder) {} }
    let input = InputShape(channels: 1, height: 4, width: 4)
    let loader = try Loader(
      dataset, LoaderOptions(split: .test, batch: 2, input: input, normalization: .none(channels: 1)))
    loader.startEpoch(0)
    let batch = try #require(try loader.next())
    let image = try ImageReader(dataset).image(batch.indices[1], atLeast: nil)
    let expected = image.converted(toChannels: 1).resized(width: 4, height: 4).pixels.map { Float($0) }
    #expect(Array(batch.images[16..<32]) == expected)
  }

  @Test("a split without images is refused by name")
  func emptySplit() throws {
    let (dataset, folder) = try Self.dataset()
    defer { withExtendedLifetime(folder) {} }
    #expect {
      try Loader(
        dataset, LoaderOptions(split: .validation, input: Self.input, normalization: .none(channels: 3)))
    } throws: { "\($0)".contains("no images in the val split; there are train, test") }
  }
}
