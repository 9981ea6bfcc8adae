public import Datasets
import Settings

/// The augmentations of the reference recipe, as far as a data set allows them.
public enum DefaultAugmentations {
  /// Pad-and-crop and flip for colour images, none for grey ones, those of SSD for images with boxes.
  ///
  /// Augmentations that the data set's manifest does not allow are left out; a manifest that says nothing
  /// allows all.
  public static func list(of data: Dataset) -> [any Augmentation] {
    let allowed = data.allowedAugmentations
    if data.hasBoxes {
      let recipe: [any Augmentation] = [ColorJitter(), ZoomOut(), BoxCrop(), Flip()]
      return recipe.filter { augmentation in
        allowed.map { $0.contains(type(of: augmentation).name) } ?? true
      }
    }
    guard data.channels == 3 else { return [] }
    let recipe: [any Augmentation] = [PadAndCrop(), Flip()]
    return recipe.filter { augmentation in
      allowed.map { $0.contains(type(of: augmentation).name) } ?? true
    }
  }
}
