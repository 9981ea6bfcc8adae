import Execution
import Graphs
import Ops
import Tensors

// Ops that only move numbers use the same kernels for bytes and floats.

extension Flatten: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel { IntegerReshape() }
}

extension Reshape: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel { IntegerReshape() }
}

extension Dropout: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel { IntegerReshape() }
}

extension AnchorRows: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel { IntegerPixelRows(shape: frame.inputs[0]) }
}

extension ChannelShuffle: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    IntegerChannelShuffle(shape: frame.inputs[0], groups: groups)
  }
}

extension ChannelSlice: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    IntegerChannelSlice(shape: frame.inputs[0], start: start, count: count)
  }
}
