import CIntegers
import Execution

extension IntegerAdd: ByteKernel {
  /// The prepared sum of two inputs; sums of more are rare and run the reference.
  func prepared(_ site: ByteSite) -> (any ByteCall)? { terms.count == 2 ? AddCall(self, site) : nil }
}

private struct AddCall: ByteCall {
  private let site: ByteSite
  private let zeros: ConstantTable<Int32>
  private let multipliers: ConstantTable<Int32>
  private let kernel: IntegerAdd

  var implementation: String { "native" }

  init(_ kernel: IntegerAdd, _ site: ByteSite) {
    self.kernel = kernel
    self.site = site
    zeros = ConstantTable(kernel.terms.map { $0.zero + 128 })
    multipliers = ConstantTable(kernel.terms.map(\.multiplier))
  }

  func run(images: Int, memory: UnsafeMutablePointer<UInt8>) {
    unsafe condense_integer_add(
      memory + site.inputs[0].offset, memory + site.inputs[1].offset,
      Int64(images * site.output.layout.count),
      zeros.pointer, multipliers.pointer, kernel.shift, kernel.outputZero + 128,
      kernel.bounds.lowerBound + 128,
      kernel.bounds.upperBound + 128, memory + site.output.offset)
  }
}

extension IntegerMultiply: ByteKernel {
  func prepared(_ site: ByteSite) -> (any ByteCall)? { MultiplyCall(self, site) }
}

private struct MultiplyCall: ByteCall {
  private let site: ByteSite
  private let zeros: ConstantTable<Int32>
  private let kernel: IntegerMultiply
  private let pixelStep: Int
  private let channelStep: Int

  var implementation: String { "native" }

  init(_ kernel: IntegerMultiply, _ site: ByteSite) {
    self.kernel = kernel
    self.site = site
    zeros = ConstantTable([kernel.inputZero + 128, kernel.factorZero + 128])
    let (input, factor) = (site.inputs[0].layout, site.inputs[1].layout)
    pixelStep = factor.pixels == input.pixels ? factor.channels : 0
    channelStep = factor.channels == input.channels ? 1 : 0
  }

  func run(images: Int, memory: UnsafeMutablePointer<UInt8>) {
    let (input, factor) = (site.inputs[0], site.inputs[1])
    for image in 0..<images {
      unsafe condense_integer_multiply(
        memory + input.offset + image * input.layout.count,
        memory + factor.offset + image * factor.layout.count, Int64(input.layout.pixels),
        Int64(input.layout.channels), Int64(pixelStep), Int64(channelStep), zeros.pointer,
        kernel.rescale.multiplier, kernel.rescale.shift, kernel.outputZero + 128,
        kernel.bounds.lowerBound + 128, kernel.bounds.upperBound + 128,
        memory + site.output.offset + image * input.layout.count)
    }
  }
}

extension IntegerTable: ByteKernel {
  func prepared(_ site: ByteSite) -> (any ByteCall)? {
    TableCall(
      site: site, table: ConstantTable(table.map { UInt8(bitPattern: $0) ^ 0x80 }), input: site.inputs[0],
      first: 0)
  }
}

/// A lookup of bytes in a table of 256, which may write some channels of a wider output.
private struct TableCall: ByteCall {
  let site: ByteSite
  let table: ConstantTable<UInt8>
  let input: ByteSite.Value
  /// The first channel of the output.
  let first: Int

  var implementation: String { "native" }

  func run(images: Int, memory: UnsafeMutablePointer<UInt8>) {
    unsafe condense_integer_table(
      memory + input.offset, Int64(images * input.layout.pixels), Int64(input.layout.channels), table.pointer,
      memory + site.output.offset + first, Int64(site.output.layout.channels))
  }
}

extension IntegerConcat: ByteKernel {
  /// Rescales by looking each byte up.
  func prepared(_ site: ByteSite) -> (any ByteCall)? {
    var first = 0
    let calls = zip(parts, site.inputs).map { part, input in
      defer { first += input.layout.channels }
      let table = (Int32(-128)...127).map { x in
        guard let rescale = part.rescale else { return UInt8(x + 128) }
        return UInt8(
          min(max(outputZero + rescale(x - part.zero), bounds.lowerBound), bounds.upperBound) + 128)
      }
      return TableCall(site: site, table: ConstantTable(table), input: input, first: first)
    }
    return ConcatCall(calls: calls)
  }
}

private struct ConcatCall: ByteCall {
  let calls: [TableCall]

  var implementation: String { "native" }

  func run(images: Int, memory: UnsafeMutablePointer<UInt8>) {
    for call in calls { unsafe call.run(images: images, memory: memory) }
  }
}
