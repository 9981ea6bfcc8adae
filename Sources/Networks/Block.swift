public import Settings

/// A pattern of ops that specs name as one layer.
///
/// A block is one file, and one line in `BlockCatalogue`.
public protocol Block: Configurable, Sendable {
  /// The name in specs, such as `residual`; never renamed.
  static var kind: String { get }
  /// One line for lists and documentation.
  static var summary: String { get }
  /// The name under which unnamed blocks are counted (`block1`, `block2`); `nil` puts values into the scope
  /// around.
  static var scopeName: String? { get }
  /// Appends the block's ops, which read `input`; returns the name of the block's value.
  func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String
}

extension Block {
  /// Unnamed blocks are counted as `block1`, `block2`, ….
  public static var scopeName: String? { "block" }
}
