import Foundation

/// The checkout that the tests were built from.
enum Checkout {
  static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
}
