public import Datasets
public import Recipes
public import Runs

/// Why a comparison cannot go on.
public enum ComparisonError: Error, Sendable, CustomStringConvertible {
  case recipe(RecipeError)
  case dataset(DatasetError)
  case ledger(RunError)
  case runDirectory(path: String, reason: String)
  case noTestImages(path: String)

  /// *where: what; what to do*.
  public var description: String {
    switch self {
    case .recipe(let error): "\(error)"
    case .dataset(let error): "\(error)"
    case .ledger(let error): "\(error)"
    case .runDirectory(let path, let reason): "\(path): \(reason)"
    case .noTestImages(let path):
      "\(path): has no test images, by which students could be ranked; give it a test/ folder, or let val/ be tested on (val-folder: test)"
    }
  }
}
