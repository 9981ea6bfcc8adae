import Foundation

/// The checkout from which the tests were built.
public enum Checkout {
  /// The path of the checkout.
  public static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
}
