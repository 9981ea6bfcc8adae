import Execution

/// A kernel without a fast implementation, which runs its reference image by image.
///
/// It allocates.
struct ReferenceCall: ByteCall {
  let kernel: any IntegerKernel
  let site: ByteSite

  var implementation: String { "reference" }

  func run(images: Int, memory: UnsafeMutablePointer<UInt8>) {
    for image in 0..<images {
      let inputs = site.inputs.map { value in
        let start = value.offset + image * value.layout.count
        return (0..<value.layout.count).map { index in
          Int8(bitPattern: unsafe memory[start + value.layout.place(ofRowMajor: index)] ^ 0x80)
        }
      }
      let start = site.output.offset + image * site.output.layout.count
      for (index, number) in kernel.forward(inputs).enumerated() {
        unsafe memory[start + site.output.layout.place(ofRowMajor: index)] = UInt8(bitPattern: number) ^ 0x80
      }
    }
  }
}
