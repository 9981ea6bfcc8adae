import CIntegers
import Execution
import Tensors

/// A kernel that copies: every output element is one of the input's.
protocol ByteMove: ByteKernel {
  /// The row-major input index that a row-major output index copies.
  func source(of index: Int) -> Int
}

extension ByteMove {
  func prepared(_ site: ByteSite) -> (any ByteCall)? {
    guard site.inputs[0].layout.count <= Int32.max else { return nil }
    let (input, output) = (site.inputs[0].layout, site.output.layout)
    let places = (0..<output.count).map {
      Int32(input.place(ofRowMajor: source(of: output.rowMajor(ofPlace: $0))))
    }
    return GatherCall(site: site, places: ConstantTable(places))
  }
}

private struct GatherCall: ByteCall {
  let site: ByteSite
  let places: ConstantTable<Int32>

  var implementation: String { "native" }

  func run(images: Int, memory: UnsafeMutablePointer<UInt8>) {
    let (input, output) = (site.inputs[0], site.output)
    for image in 0..<images {
      unsafe condense_integer_gather(
        memory + input.offset + image * input.layout.count, places.pointer, Int64(output.layout.count),
        memory + output.offset + image * output.layout.count)
    }
  }
}

extension IntegerReshape: ByteMove {
  func source(of index: Int) -> Int { index }
}

extension IntegerChannelShuffle: ByteMove {
  func source(of index: Int) -> Int {
    let plane = shape.count / shape[0]
    return source(ofChannel: index / plane) * plane + index % plane
  }
}

extension IntegerPixelRows: ByteMove {
  func source(of index: Int) -> Int { source(ofElement: index) }
}

extension IntegerChannelSlice: ByteMove {
  func source(of index: Int) -> Int { start * (shape.count / shape[0]) + index }
}

extension IntegerUpsample: ByteMove {
  func source(of index: Int) -> Int {
    let (rows, columns) = (input[1] * factor, input[2] * factor)
    let (row, column) = (index / columns % rows, index % columns)
    return (index / (rows * columns) * input[1] + row / factor) * input[2] + column / factor
  }
}
