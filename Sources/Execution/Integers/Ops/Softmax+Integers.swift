import Ops

extension Softmax: IntegerHostOp {}
