public import Settings

/// A pattern of ops that specs name as one layer: one file each, and one line in `BlockCatalogue`.
public protocol Block: Configurable, Sendable {
  /// The name in specs, such as `residual`; never renamed.
  static var kind: String { get }
  /// One line for lists and documentation.
  static var summary: String { get }
  /// What unnamed blocks are counted under (`block1`, `block2`); `nil` puts their values into the surrounding scope.
  static var scopeName: String? { get }
  /// Appends the block's ops, which read `input`; gives back the block's value.
  func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String
}

extension Block {
  public static var scopeName: String? { "block" }
}
