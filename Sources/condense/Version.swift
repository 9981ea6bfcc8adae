/// The version of the tool, which is stored with everything that it makes.
enum Version {
  static let text = "0.1.0"
}
