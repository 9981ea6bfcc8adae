#!/usr/bin/env bash
# emlearn's neural networks have a form `inline`, which convert() offers beside `loadable`: saving it raises a
# ValueError, whatever the network, and convert(method="inline") runs the loadable form without saying so. Weights are
# `static const float`: on AVR they lie in RAM.
# Needs python3-venv and PyPI. Exits with 1 when the behaviour changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q emlearn==0.23.2 scikit-learn==1.9.1 numpy==2.4.6 setuptools==65.5.0
cat > "$work/case.py" <<'PYTHON'
import sys, warnings
import numpy as np, emlearn
from sklearn.neural_network import MLPClassifier
warnings.simplefilter("ignore")
x = np.random.default_rng(0).random((60, 4))
y = (x[:, 0] > 0.5).astype(int) + (x[:, 1] > 0.5)
model = MLPClassifier((8,), max_iter=50, random_state=0).fit(x, y)
converted = emlearn.convert(model, method="inline")
print("predictions as scikit-learn's:", (np.array(converted.predict(x)) == model.predict(x)).mean())
loadable = converted.save(name="net", inference=["loadable"])
print("weights in flash on AVR:", "PROGMEM" in loadable)
try:
    converted.save(name="net", inference=["inline"])
    sys.exit(1)
except ValueError as error:
    print("inline:", error)
sys.exit("PROGMEM" in loadable)
PYTHON
"$work/venv/bin/python" "$work/case.py"
