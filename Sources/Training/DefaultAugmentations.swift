public import Datasets
import Settings

/// The augmentations of the reference recipe, as far as a data set allows them.
public enum DefaultAugmentations {
  /// Pad-and-crop and flip for colour images, none for grey ones; `allowed` are the manifest's, `nil` where it says
  /// nothing.
  public static func list(channels: Int, allowed: [String]?) -> [any Augmentation] {
    guard channels == 3 else { return [] }
    let recipe: [any Augmentation] = [PadAndCrop(), Flip()]
    return recipe.filter { augmentation in
      allowed.map { $0.contains(type(of: augmentation).name) } ?? true
    }
  }
}
