# What scripts that ask a runtime begin with: floats of one image, the batch first.
import sys, numpy
def write_layers(layers):
    kept = []
    for name, value in layers:
        value = numpy.asarray(value)
        if value.ndim < 2 or value.shape[0] != 1 or value.dtype.kind not in "fiu" or value.size == 0: continue
        kept.append((name.replace("\t", " ").replace("\n", " "), value[0].astype("<f4")))
    with open("result", "wb") as file:
        text = "\n".join("\t".join([n] + [str(e) for e in v.shape]) for n, v in kept)
        file.write(text.encode("utf-8") + b"\n\n")
        for _, value in kept: file.write(value.tobytes())
