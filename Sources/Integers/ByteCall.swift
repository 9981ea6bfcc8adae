import Execution

/// A prepared kernel, whose places are fixed relative to a thread's memory.
protocol ByteCall {
  /// The implementation's name, for listings.
  var implementation: String { get }
  /// Computes some images; allocates nothing, except in `ReferenceCall`.
  func run(images: Int, memory: UnsafeMutablePointer<UInt8>)
}

/// A kernel with a fast implementation; others run their reference.
protocol ByteKernel: IntegerKernel {
  /// The prepared kernel; `nil` if this geometry has no fast implementation.
  func prepared(_ site: ByteSite) -> (any ByteCall)?
  /// The bytes of working memory for a block of images; they lie at the site's `scratch`.
  func scratchBytes(images: Int) -> Int
}

extension ByteKernel {
  func scratchBytes(images: Int) -> Int { 0 }
}

/// The places of a step's values in a thread's memory, image after image.
struct ByteSite {
  /// A value of a block of images.
  struct Value {
    let offset: Int
    let layout: ByteLayout
  }

  let inputs: [Value]
  let output: Value
  /// The start of the working memory.
  let scratch: Int
  /// The most images of a call.
  let images: Int
  /// The instructions that compute products.
  let instructions: IntegerBackend.Instructions
}
