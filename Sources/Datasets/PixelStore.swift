import Foundation
import Images

/// The place of one image's decoded pixels in a store, with its shape.
struct PixelPlace: Sendable, Equatable {
  var block: Int32 = 0
  var width: Int32 = 0
  var height: Int32 = 0
  var channels: Int32 = 0
  var offset = 0

  /// The image's size in bytes; never negative, as decoders limit the sides.
  var count: Int { Int(width) * Int(height) * Int(channels) }
}

/// The decoded pixels of a set: rows of interleaved bytes, one image after another.
///
/// The pixels are in one memory-mapped file of the cache, or in the blocks that the decoding threads filled.
enum PixelStore: Sendable {
  case mapped(Data)
  case blocks([[UInt8]])
  /// No pixels are held, because they exceed `DatasetOptions.memoryLimit`.
  case none

  /// Copies an image's bytes into `pixels`, whose count must match.
  func copy(_ place: PixelPlace, into pixels: inout [UInt8]) {
    switch self {
    case .mapped(let data): Self.copy(data.span, place, into: &pixels)
    case .blocks(let blocks):
      let block = blocks[Int(place.block)]
      Self.copy(block.span, place, into: &pixels)
    case .none: break
    }
  }

  private static func copy(_ source: Span<UInt8>, _ place: PixelPlace, into pixels: inout [UInt8]) {
    let part = source.extracting(place.offset..<place.offset + place.count)
    var target = pixels.mutableSpan
    for i in 0..<min(part.count, target.count) { target[i] = part[i] }
  }

  /// Calls `body` with an image's bytes.
  func withPixels<R>(_ place: PixelPlace, _ body: (Span<UInt8>) -> R) -> R {
    let range = place.offset..<place.offset + place.count
    switch self {
    case .mapped(let data): return body(data.span.extracting(range))
    case .blocks(let blocks):
      let block = blocks[Int(place.block)]
      return body(block.span.extracting(range))
    case .none: return body(Span())
    }
  }
}
