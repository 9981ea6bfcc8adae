import Crypto
import Execution
import Tensors

extension TrainingState {
  /// The SHA-256 of weights and statistics, by which ranks know that they still hold the same network.
  var digest: String {
    var hash = SHA256()
    for (name, tensor) in parameters.sorted(by: { $0.key < $1.key }) {
      hash.update(data: Array(name.utf8))
      var bytes: [UInt8] = []
      LittleEndian.append(tensor.values, to: &bytes)
      hash.update(data: bytes)
    }
    return hash.finalize().hexadecimal
  }
}
