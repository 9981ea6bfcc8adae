#!/usr/bin/env bash
# Builds the documentation as a site of static pages: guides, methods, and the public declarations of all modules.
#
#   Documentation/build.sh [FOLDER]      .build/docs where none is given; `make docs` builds the product first
#
# Look at it by a server of files, such as: python3 -m http.server --directory .build/docs 8000
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-.build/docs}
build=.build/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
catalog=$work/Condense.docc
symbols=$work/symbols
mkdir -p "$catalog" "$symbols"

# Links between guides, and to files outside of the documentation, as DocC wants them.
article() {
  sed -E 's/\]\(([a-z0-9-]+)\.md(#[a-z0-9-]*)?\)/](doc:\1)/g; s/\[([^]]*)\]\(\.\.\/[^)]*\)/\1/g' "$1" > "$catalog/$2"
}
guides=
for page in Documentation/*.md; do
  name=$(basename "$page" .md)
  [ "$name" = README ] && continue
  article "$page" "$name.md"
  guides="$guides- <doc:$name>\n"
done
cp Documentation/*.svg "$catalog/"
sed "s/^@GUIDES@\$/${guides//\//\\/}/" Documentation/Condense.docc/Condense.md > "$catalog/Condense.md"
"$build/condense" explain --markdown "$work/methods" > "$work/log"
for page in "$work"/methods/*.md; do
  name=$(basename "$page")
  [ "$name" = methods.md ] || article "$page" "method-$name"
done
sed -E 's/\]\(([a-z0-9-]+)\.md\)/](doc:method-\1)/' "$work/methods/methods.md" > "$catalog/methods.md"

# C modules that interfaces of Swift modules mention: the package's own, and those of its dependencies.
flags=()
for map in Sources/*/module.modulemap Sources/*/include/module.modulemap "$build"/C*.build/module.modulemap \
  .build/checkouts/*/Sources/{CYaml,_NumericsShims,CCryptoBoringSSL,CCryptoBoringSSLShims,CSystem,_SubprocessCShims}/include/module.modulemap \
  .build/checkouts/GRDB.swift/Sources/GRDBSQLite/module.modulemap .build/checkouts/FlyingFox/CSystemLinux/include/module.modulemap; do
  if [ -f "$map" ]; then flags+=(-Xcc "-fmodule-map-file=$map" -I "$(dirname "$map")"); fi
done
target=$(swift -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)".*/\1/p')
for module in $(sed -n 's/^- ``\(.*\)``$/\1/p' Documentation/Condense.docc/Condense.md); do
  swift symbolgraph-extract -module-name "$module" -I "$build/Modules" "${flags[@]}" -target "$target" \
    -minimum-access-level public -skip-synthesized-members -output-dir "$symbols"
done
docc convert "$catalog" --additional-symbol-graph-dir "$symbols" --output-dir "$out" \
  --fallback-display-name Condense --fallback-bundle-identifier condense --transform-for-static-hosting > "$work/log" 2>&1 ||
  { cat "$work/log" >&2; exit 1; }
echo "$out: $(find "$out/documentation" -name index.html | wc -l) pages"
