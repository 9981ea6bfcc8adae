import Foundation
import Images

/// Where the decoded pixels of one image lie in a store.
struct PixelPlace: Sendable, Equatable {
  var block: Int32 = 0
  var width: Int32 = 0
  var height: Int32 = 0
  var channels: Int32 = 0
  var offset = 0

  /// Bytes of the image; never negative for sizes that a decoder gives.
  var count: Int { Int(width) * Int(height) * Int(channels) }
}

/// Decoded pixels: rows of interleaved 8-bit samples, one image behind the other.
///
/// Either one memory-mapped cache file, or the blocks that the decoding threads filled.
enum PixelStore: Sendable {
  case mapped(Data)
  case blocks([[UInt8]])
  /// Nothing is kept: the set is larger than the memory it may take.
  case none

  /// Copies an image's samples into `pixels`, whose count must match.
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

  /// Lends an image's samples.
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
