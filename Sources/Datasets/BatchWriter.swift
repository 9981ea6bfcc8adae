import Images
import Settings
import Tensors

/// Prepares batches: reads, augments and normalizes images.
///
/// There is one writer per thread. It allocates only when first used, apart from the boxes of things.
///
/// Its output depends on (seed, epoch, step, indices) alone.
final class BatchWriter {
  private let dataset: Dataset
  private let options: LoaderOptions
  private let table: [Float]
  private let sampleStreams: [SeededRandom]
  private let batchStreams: [SeededRandom]
  /// True if images are blended with others of their batch.
  private let isMixing: Bool
  private let reader: ImageReader
  private var sample: Sample

  init(_ dataset: Dataset, _ options: LoaderOptions) {
    self.dataset = dataset
    self.options = options
    table = options.normalization.table(channels: options.input.channels)
    sampleStreams = options.augmentations.map {
      SeededRandom(seed: options.seed, purpose: "augment " + type(of: $0).name)
    }
    batchStreams = options.augmentations.map {
      SeededRandom(seed: options.seed, purpose: "augment batch " + type(of: $0).name)
    }
    isMixing = options.augmentations.contains {
      var random = SeededRandom(seed: options.seed, purpose: "mixing")
      return $0.share(random: &random) != nil
    }
    reader = ImageReader(dataset)
    let input = options.input
    sample = Sample(
      image: Image(
        width: input.width, height: input.height, channels: input.channels,
        pixels: Array(repeating: 0, count: input.count)),
      annotation: .label(0))
  }

  /// Fills a batch with the images at `indices`, augmented, normalized and, if asked for, blended.
  func fill(_ batch: Batch, indices: ArraySlice<Int>, epoch: Int, step: Int) throws(DatasetError) {
    batch.step = step
    batch.count = indices.count
    batch.isMixed = false
    let isTurn = options.turn.map { step % $0.count == $0.number } ?? true
    for (position, index) in indices.enumerated() {
      sample.annotation = annotation(of: index)
      if isTurn, isNeeded(position, of: indices.count) {
        try write(index, epoch: epoch, into: batch, at: position)
      }
      describe(index, in: batch, at: position)
    }
    for (position, augmentation) in options.augmentations.enumerated() {
      var random = batchStreams[position].refined(by: epoch).refined(by: step)
      mix(batch, by: augmentation, &random)
    }
  }

  /// True if an image of the wanted part, or the partner with which one is blended, is at a place.
  private func isNeeded(_ position: Int, of count: Int) -> Bool {
    guard let part = options.part else { return true }
    return part.contains(position) || isMixing && part.contains(count - 1 - position)
  }

  /// The annotation of an image, in pixels of the network's input.
  private func annotation(of index: Int) -> Annotation {
    let (input, record) = (options.input, dataset.records[index])
    return record.annotation.scaled(
      across: Float(input.width) / Float(record.width), down: Float(input.height) / Float(record.height))
  }

  /// Writes what is known of an image besides its pixels.
  private func describe(_ index: Int, in batch: Batch, at position: Int) {
    let record = dataset.records[index]
    batch.indices[position] = index
    batch.sizes[position] = record.original ?? ImageSize(width: record.width, height: record.height)
    batch.annotations[position] = sample.annotation
    batch.partners[position] = sample.annotation
    batch.shares[position] = 1
  }

  /// Writes the pixels of an image; augmentations change them and the sample's annotation.
  private func write(_ index: Int, epoch: Int, into batch: Batch, at position: Int) throws(DatasetError) {
    let input = options.input
    if options.augmentations.isEmpty, let place = dataset.storedPlace(of: index, as: input) {
      dataset.store.withPixels(place) { normalize($0, into: &batch.images, at: position * input.count) }
      return
    }
    try reader.read(index, as: input, into: &sample.image)
    for (order, augmentation) in options.augmentations.enumerated() {
      var random = sampleStreams[order].refined(by: epoch).refined(by: index)
      augmentation.apply(to: &sample, random: &random)
    }
    let pixels = sample.image.pixels
    normalize(pixels.span, into: &batch.images, at: position * input.count)
  }

  /// Converts interleaved bytes `[height, width, channels]` to normalized planes `[channels, height, width]`.
  private func normalize(_ pixels: Span<UInt8>, into values: inout [Float], at offset: Int) {
    let area = options.input.height * options.input.width
    let normalized = table
    let table = normalized.span
    var images = values.mutableSpan
    guard options.input.channels == 3 else {
      for p in 0..<area { images[offset + p] = table[Int(pixels[p])] }
      return
    }
    for p in 0..<area {
      images[offset + p] = table[Int(pixels[3 * p])]
      images[offset + area + p] = table[256 + Int(pixels[3 * p + 1])]
      images[offset + 2 * area + p] = table[512 + Int(pixels[3 * p + 2])]
    }
  }

  /// Blends image `i` with image `count - 1 - i`, with one share per pair.
  private func mix(_ batch: Batch, by augmentation: any Augmentation, _ random: inout SeededRandom) {
    let size = options.input.count
    for first in 0..<batch.count / 2 {
      guard let share = augmentation.share(random: &random) else { return }
      let second = batch.count - 1 - first
      batch.isMixed = true
      batch.shares[first] = share
      batch.shares[second] = share
      batch.partners[first] = batch.annotations[second]
      batch.partners[second] = batch.annotations[first]
      guard isNeeded(first, of: batch.count) else { continue }
      Self.blend(&batch.images, first * size, second * size, count: size, share: share)
    }
  }

  private static func blend(_ values: inout [Float], _ first: Int, _ second: Int, count: Int, share: Float) {
    var images = values.mutableSpan
    for k in 0..<count {
      let (a, b) = (images[first + k], images[second + k])
      images[first + k] = share * a + (1 - share) * b
      images[second + k] = share * b + (1 - share) * a
    }
  }
}
