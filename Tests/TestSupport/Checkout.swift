import Foundation

/// The checkout that the tests were built from.
public enum Checkout {
  /// Its path.
  public static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
}
