import Tensors
import Testing

@Suite("Shape and tensor")
struct TensorTests {
  @Test("a count beyond the limit, negative or overflowing is nil")
  func count() {
    #expect(Shape([2, 3, 4]).count(upTo: 24) == 24)
    #expect(Shape([2, 3, 4]).count(upTo: 23) == nil)
    #expect(Shape([-1, 3]).count(upTo: 100) == nil)
    #expect(Shape([Int.max, Int.max]).count(upTo: .max) == nil)
    #expect(Shape([]).count(upTo: 1) == 1)
    #expect(Shape([0, 5]).count(upTo: 10) == 0)
  }

  @Test("shapes print and change their batch")
  func shapes() {
    let shape: Shape = [2, 3, 28, 28]
    #expect("\(shape)" == "2x3x28x28")
    #expect(Shape([]).description == "scalar")
    #expect(shape.withBatch(9) == [9, 3, 28, 28])
    #expect(shape.spatialCount == 784)
    #expect(Shape([4, 5]).spatialCount == 1)
  }

  @Test("gathering keeps slices of an axis in the order given")
  func gathering() {
    let tensor = Tensor((0..<12).map(Float.init), shape: [2, 3, 2])
    #expect(tensor.gathering([2, 0], axis: 1) == Tensor([4, 5, 0, 1, 10, 11, 6, 7], shape: [2, 2, 2]))
    #expect(tensor.gathering([1], axis: 0).values == [6, 7, 8, 9, 10, 11])
    #expect(tensor.gathering([1], axis: 2).values == [1, 3, 5, 7, 9, 11])
    #expect(tensor.gathering([], axis: 1).shape == [2, 0, 2])
  }

  @Test("aligned memory starts as zeros on a cache line and keeps what is written")
  func alignedBuffer() {
    let buffer = AlignedBuffer(floats: 100)
    #expect(unsafe UInt(bitPattern: buffer.baseAddress) % UInt(AlignedBuffer.alignment) == 0)
    let start = (0..<100).map { buffer.floats[$0] }
    #expect(start.allSatisfy { $0 == 0 })
    buffer.withMutableFloats { span in for i in 0..<100 { span[i] = Float(i) } }
    #expect(buffer.floats[99] == 99)
    #expect(buffer.floats.count == 100)
    #expect(AlignedBuffer(floats: 0).floats.count == 0)
  }
}
