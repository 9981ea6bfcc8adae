import Execution

/// A prepared kernel: where it reads and writes is fixed, relative to a thread's memory.
protocol ByteCall {
  /// The implementation's name, for listings.
  var implementation: String { get }
  /// Computes some images; allocates nothing unless it says so.
  func run(images: Int, memory: UnsafeMutablePointer<UInt8>)
}

/// A kernel with a fast way of computing; others run their reference.
protocol ByteKernel: IntegerKernel {
  /// The prepared kernel; `nil` where this geometry has no fast way.
  func prepared(_ site: ByteSite) -> (any ByteCall)?
  /// Bytes that a call needs beside its values, for a block of images; their place is the site's.
  func scratchBytes(images: Int) -> Int
}

extension ByteKernel {
  func scratchBytes(images: Int) -> Int { 0 }
}

/// Where a step's values lie in a thread's memory, image after image.
struct ByteSite {
  /// A value of a block of images.
  struct Value {
    let offset: Int
    let layout: ByteLayout
  }

  let inputs: [Value]
  let output: Value
  /// Where scratch memory begins.
  let scratch: Int
  /// The most images of a call.
  let images: Int
  /// What products are computed with.
  let instructions: IntegerBackend.Instructions
}
