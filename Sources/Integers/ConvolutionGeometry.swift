import CIntegers
import Execution
import Ops
import Tensors

/// The place of the bytes of every window of a convolution: the input itself, or a copy with a border.
struct ConvolutionGeometry {
  /// The number of pixels below which the windows of all images are computed in one product.
  private static let fewPixels = 64

  let op: Conv2D
  let input: Shape
  let output: Shape
  /// The rows and columns of the copy, or of the input if there is no copy.
  let padded: Extent
  /// True if windows reach beyond the image.
  let needsBorder: Bool

  init(_ kernel: IntegerConvolution) {
    op = kernel.op
    input = kernel.input
    output = kernel.output
    needsBorder = op.window.isPadded
    padded =
      needsBorder
      ? Extent(
        (output[1] - 1) * op.stride.height + (op.kernel.height - 1) * op.dilation.height + 1,
        (output[2] - 1) * op.stride.width + (op.kernel.width - 1) * op.dilation.width + 1)
      : Extent(input[1], input[2])
  }

  /// The bytes of an image with its border.
  var imageBytes: Int { padded.count * input[0] }
  /// True if borders are in proportion to the image; files may ask for windows far outside it.
  var isSensible: Bool {
    imageBytes <= 4 * (input.count + output.count) + 65_536 && op.kernel.count * input[0] <= 1 << 24
  }

  /// True for a depthwise convolution: each channel has one filter, which reads no other channel.
  var isDepthwise: Bool { op.groups > 1 && op.groups == input[0] && op.filters == input[0] }
  /// The number of channels that a filter reads.
  var channelsInGroup: Int { input[0] / op.groups }
  /// The number of filters in a group.
  var filtersInGroup: Int { op.filters / op.groups }
  /// True if a row of a window is one stretch of bytes.
  private var rowsAreStretches: Bool { op.groups == 1 && (op.dilation.width == 1 || op.kernel.width == 1) }
  /// The number of stretches of a window.
  var segments: Int { rowsAreStretches ? op.kernel.height : op.kernel.count }
  /// The bytes of a stretch.
  var length: Int { rowsAreStretches ? op.kernel.width * input[0] : channelsInGroup }

  /// The start of each stretch, relative to the window's first byte.
  var offsets: [Int32] {
    var offsets: [Int32] = []
    for u in 0..<op.kernel.height {
      for v in 0..<(rowsAreStretches ? 1 : op.kernel.width) {
        offsets.append(
          Int32((u * op.dilation.height * padded.width + v * op.dilation.width) * input[0]))
      }
    }
    return offsets
  }

  /// The index in `[O, I/groups, Kh, Kw]` of the weight of a filter, at a place of a stretch.
  func weightIndex(_ filter: Int, _ segment: Int, _ place: Int) -> Int {
    let (channel, element) =
      rowsAreStretches
      ? (place % input[0], segment * op.kernel.width + place / input[0]) : (place, segment)
    return (filter * channelsInGroup + channel) * op.kernel.count + element
  }

  /// The number of images in one product: all of them if a plane has few pixels.
  func imagesPerProduct(_ images: Int) -> Int { output[1] * output[2] < Self.fewPixels ? images : 1 }

  /// The start of each window, for some images one after another.
  func rows(images: Int) -> [Int32] {
    var rows: [Int32] = []
    rows.reserveCapacity(images * output[1] * output[2])
    for image in 0..<images {
      for row in 0..<output[1] {
        for column in 0..<output[2] {
          let pixel = row * op.stride.height * padded.width + column * op.stride.width
          rows.append(Int32(image * imageBytes + pixel * input[0]))
        }
      }
    }
    return rows
  }

  /// The border as C reads it.
  var frame: condense_frame {
    condense_frame(
      height: Int64(input[1]), width: Int64(input[2]), channels: Int64(input[0]),
      top: Int64(op.padding.height), left: Int64(op.padding.width), padded_height: Int64(padded.height),
      padded_width: Int64(padded.width))
  }
}
