"""Milliseconds of a pass of an ONNX model in onnxruntime, as one JSON line.

    python onnx-inference.py MODEL.onnx --batch 64 --threads 2 --seconds 4

Integers between quantize and dequantize nodes are fused (session.qdqisint8allowed); the operators that really ran are
listed, so that a pass that fell back to floats shows.
"""
import argparse
import collections
import json
import os
import statistics
import tempfile
import time

import numpy
import onnxruntime

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--batch", type=int, default=1)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seconds", type=float, default=4)
arguments = parser.parse_args()


def session(profile):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    options.enable_profiling = profile
    options.profile_file_prefix = os.path.join(tempfile.gettempdir(), "onnx-inference")
    return onnxruntime.InferenceSession(arguments.model, options, providers=["CPUExecutionProvider"])


def batch(model):
    entry = model.get_inputs()[0]
    shape = [arguments.batch] + [int(extent) for extent in entry.shape[1:]]
    return {entry.name: numpy.random.default_rng(0).standard_normal(shape).astype(numpy.float32)}


profiled = session(True)
profiled.run(None, batch(profiled))
trace = profiled.end_profiling()
with open(trace) as file:
    events = json.load(file)
os.remove(trace)
operators = collections.Counter(
    event["args"]["op_name"] for event in events if event.get("cat") == "Node" and "op_name" in event.get("args", {}))

model = session(False)
images = batch(model)
for _ in range(5):
    model.run(None, images)
times = []
end = time.perf_counter() + arguments.seconds
while time.perf_counter() < end:
    began = time.perf_counter()
    model.run(None, images)
    times.append((time.perf_counter() - began) * 1000)
print(json.dumps({
    "ms_per_step": statistics.median(times), "min": min(times), "steps": len(times), "batch": arguments.batch,
    "threads": arguments.threads, "version": onnxruntime.__version__, "operators": dict(operators)}))
