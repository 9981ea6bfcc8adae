import CIntegers
import Execution
import Ops
import Tensors

/// Where the bytes of every window of a convolution lie: in the input itself, or in a copy with a border.
struct ConvolutionGeometry {
  /// Windows of so few pixels are computed for all images in one product.
  private static let fewPixels = 64

  let op: Conv2D
  let input: Shape
  let output: Shape
  /// Rows and columns of the copy; those of the input where there is none.
  let padded: Extent
  /// Whether windows reach beyond the image.
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

  /// Bytes of an image with its border.
  var imageBytes: Int { padded.count * input[0] }
  /// Whether borders stay in proportion: files may ask for windows far outside of an image.
  var isSensible: Bool {
    imageBytes <= 4 * (input.count + output.count) + 65_536 && op.kernel.count * input[0] <= 1 << 24
  }

  /// Whether each channel is filtered by itself, once.
  var isDepthwise: Bool { op.groups > 1 && op.groups == input[0] && op.filters == input[0] }
  /// Channels that a filter reads.
  var channelsInGroup: Int { input[0] / op.groups }
  /// Filters of a group.
  var filtersInGroup: Int { op.filters / op.groups }
  /// Whether a row of a window is one stretch of bytes.
  private var rowsAreStretches: Bool { op.groups == 1 && (op.dilation.width == 1 || op.kernel.width == 1) }
  /// The stretches of a window.
  var segments: Int { rowsAreStretches ? op.kernel.height : op.kernel.count }
  /// Bytes of a stretch.
  var length: Int { rowsAreStretches ? op.kernel.width * input[0] : channelsInGroup }

  /// Where each stretch begins, from the window's first byte.
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

  /// The index of a weight in `[O, I/groups, Kh, Kw]`, by filter, stretch and place in it.
  func weightIndex(_ filter: Int, _ segment: Int, _ place: Int) -> Int {
    let (channel, element) =
      rowsAreStretches
      ? (place % input[0], segment * op.kernel.width + place / input[0]) : (place, segment)
    return (filter * channelsInGroup + channel) * op.kernel.count + element
  }

  /// Images of one product: all of them where a plane has few pixels.
  func imagesPerProduct(_ images: Int) -> Int { output[1] * output[2] < Self.fewPixels ? images : 1 }

  /// Where each window begins, for some images one after another.
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
