/// The text of the error that `body` throws; "nothing thrown" if it throws none.
///
/// Use it as `#expect(errorMessage { … } == "…")`. The form `#expect { … } throws: { … }` awaits its
/// closures: with it, an error of a typed throw reached the second closure with its strings freed (Swift
/// 6.3.1, release).
public func errorMessage(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing thrown"
  } catch {
    return "\(error)"
  }
}
