import Recipes
import Settings

/// A recipe of a test, by which trials are described in few words.
func recipe(_ yaml: String) throws -> Recipe {
  try Recipe(SettingsNode(yaml: yaml, source: "r.yaml"), defaultName: "r")
}
