#!/usr/bin/env python3
"""Compiles one network for targets as one program and counts its cycles in QEMU: a JSON object a target, rows of mlperf-tiny.json.

    measure.py PROGRAM NETWORKS NAME LEVEL TARGET...

PROGRAM: condense (exported C), tflite-micro (library.mk makes its library) or bakenn (C of its own, from PyPI). NETWORKS is what
networks.py made. TARGETs are profiles in Recipes/targets whose simulator is qemu; LEVEL takes the place of -O2 among their flags. The
firmware, the map of the memory, the plugin and the costs of instructions are those of `condense profile`, so all programs are counted
alike. Environment: CONDENSE; TFLM, CMSIS_NN, FLATBUFFERS, GEMMLOWP, RUY, TFLM_BUILD (where library.mk builds, kept between calls);
BAKENN_VENV.
"""
import datetime, json, os, re, subprocess, sys, tempfile
import yaml

HERE = os.path.dirname(os.path.realpath(__file__))
HOME = os.path.realpath(HERE + "/../..")
RESOURCES = HOME + "/Sources/Simulation/Resources/"
PREFIX = "arm-none-eabi-"
CONDENSE = os.environ.get("CONDENSE", HOME + "/.build/release/condense")


class Failed(Exception):
    pass


def call(*arguments, folder=None):
    run = subprocess.run(arguments, cwd=folder, capture_output=True, text=True)
    if run.returncode: raise Failed(f"{' '.join(arguments)[:300]}: {run.stderr[-2000:]}")
    return run.stdout


# MARK: What instructions cost, as Sources/Simulation/InstructionCost.swift has it

def registers(operands):
    braces = re.search(r"\{(.*?)\}", operands)
    if not braces: return 2, False
    count = 0
    for item in braces[1].split(","):
        ends = [int(digits) for digits in re.findall(r"\d+", item)]
        count += max(1, ends[1] - ends[0] + 1) if "-" in item and len(ends) == 2 else 1
    return count, "pc" in re.split(r"[ ,]+", braces[1])


def costs(listing, simulator):
    taken, before = int(simulator["takenBranch"]["value"]), None
    for line in listing.split("\n"):
        fields = line.split("\t")
        if len(fields) < 3 or not re.fullmatch(r" *[0-9a-f]+:", fields[0]) or fields[2].startswith("."): continue
        mnemonic, operands = re.match(r"[^. ]*", fields[2])[0], fields[3] if len(fields) > 3 else ""
        rule = next(
            (r for r in simulator["cycles"] for p in r["instructions"]
             if (mnemonic.startswith(p[:-1]) if p.endswith("*") else mnemonic == p)), None)
        cycles = 1
        if rule:
            count, has_counter = registers(operands)
            cycles = rule.get("afterSame", rule["cycles"]) if rule is before else rule["cycles"]
            cycles += rule.get("perRegister", 0) * count + (rule.get("withProgramCounter", 0) if has_counter else 0)
        before = rule
        yield f"cost {int(fields[0].strip()[:-1], 16)} {cycles} {taken}"


# MARK: Linking and running

def compile_all(work, flags, sources, definitions):
    """Objects of a firmware: that of `condense profile`, and (file, flags) that have an input function and a run function."""
    objects = []
    for source, more in [(RESOURCES + "cortex-firmware.c", ["-std=gnu99"]), *sources]:
        objects.append(os.path.basename(source) + ".o")
        call(PREFIX + ("g++" if source.endswith(".cc") else "gcc"), *flags, *definitions, *more, "-ffunction-sections",
             "-fdata-sections", "-I.", "-c", source, "-o", objects[-1], folder=work)
    return objects


def link(work, flags, objects, libraries=(), compiler="gcc"):
    """Bytes of flash and of static memory, counted as `condense profile` does."""
    call(PREFIX + compiler, *flags, "-nostartfiles", "--specs=nano.specs", "-T", RESOURCES + "cortex.ld", "-Wl,--gc-sections",
         "-o", "firmware.elf", *objects, *libraries, "-lm", folder=work)
    sections = {}
    for line in call(PREFIX + "size", "-A", "firmware.elf", folder=work).split("\n"):
        words = line.split()
        if len(words) == 3 and words[0].startswith(".") and words[1].isdigit(): sections[words[0]] = int(words[1])
    for name in (".init_array", ".preinit_array", ".ctors"):
        if sections.get(name): raise Failed(f"{name}: constructors are not called")
    flash = sum(sections.get(name, 0) for name in (".text", ".rodata", ".ARM.exidx", ".data"))
    static = sum(sections.get(name, 0) for name in (".data", ".bss", ".noinit"))
    return flash, static


def emulate(work, simulator, inputs, *arguments):
    """The status of QEMU, and what it says of its errors."""
    with open(work + "/inputs.bin", "wb") as file: file.write(inputs)
    # A plugin ends when its standard input does, so it gets one that stays open.
    emulator = subprocess.Popen(
        ["qemu-system-arm", *arguments, "-M", simulator["machine"], "-display", "none", "-monitor", "none", "-serial", "none",
         "-semihosting-config", "enable=on,target=native", "-kernel", "firmware.elf"],
        cwd=work, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = emulator.stderr.read()
    status = emulator.wait()
    emulator.stdin.close()
    return status, said


def simulate(work, simulator, run, steps, inputs):
    """Outputs, cycles of the table a call, instructions a call, cycles by step, stack."""
    symbols = {}
    for line in call(PREFIX + "nm", "firmware.elf", folder=work).split("\n"):
        words = line.split()
        if len(words) == 3: symbols[words[2]] = int(words[0], 16) & ~1
    entries = [(name, symbols[name]) for name in steps(symbols)]
    table = [f"run {symbols[run]}"] + [f"step {k} {address}" for k, (_, address) in enumerate(entries)]
    table += costs(call(PREFIX + "objdump", "-d", "firmware.elf", folder=work), simulator)
    write(work + "/table.txt", "\n".join(table) + "\n")
    for interface in (1, 2):
        call("gcc", "-O2", "-shared", "-fPIC", f"-DCONDENSE_PLUGIN_API={interface}", RESOURCES + "qemu-plugin.c", "-o", "plugin.so",
             "-lpthread", folder=work)
        status, said = emulate(work, simulator, inputs, "-plugin", "./plugin.so,table=table.txt,report=report.txt")
        if "API version" not in said: break
    if status: raise Failed(f"the firmware ended with {status}: {said[-500:]}")
    calls, by_step = [], {}
    for line in open(work + "/report.txt"):
        words = line.split()
        if words[0] == "call": calls.append([int(word) for word in words[1:]])
        if words[0] == "step": by_step[entries[int(words[1])][0]] = int(words[2])
    count = len(calls)
    mean = [sum(column) / count for column in zip(*calls)]
    return {
        "outputs": open(work + "/outputs.bin", "rb").read(), "cycles": mean[0], "instructions": mean[1],
        "steps": {name: cycles / count for name, cycles in by_step.items() if cycles},
        "stack": int.from_bytes(open(work + "/stack.bin", "rb").read(), "little")}


def write(path, text):
    with open(path, "w") as file: file.write(text)


def definitions(prefix, header, inputs, outputs):
    return [f'-DCONDENSE_HEADER="{header}"', f"-DCONDENSE_INPUT={prefix}_input", f"-DCONDENSE_RUN={prefix}_run",
            f"-DCONDENSE_INPUT_BYTES={inputs}", f"-DCONDENSE_OUTPUT_BYTES={outputs}"]


# MARK: Programs

def condense(work, network, target, level, flags, simulator):
    call(CONDENSE, "export", network["path"] + ".tflite", "--format", "c", "--target", target, "--name", "network", "--normalize",
         "mean=0,std=1,range=1", "--out", work + "/exported")
    flash, static = link(work, flags, compile_all(
        work, flags, [(work + "/exported/network.c", ["-std=gnu99"])],
        definitions("network", work + "/exported/network.h", network["inputBytes"], network["outputBytes"])))
    steps = lambda symbols: sorted(
        {name for name in symbols if re.match(r"network_step_\d+(\.|$)", name)}, key=lambda name: int(re.findall(r"\d+", name)[0]))
    run = simulate(work, simulator, "network_run", steps, network["inputs"])
    version = call(CONDENSE, "--version").strip()
    return run, flash, static, {"version": version}


# Kernels of bytes alone, which take less flash: an operator as it is usually added brings those of 4 and 16 bits too.
BYTES_ALONE = {
    name: f"tflite::Register_{macro}_INT8()" for name, macro in {
        "Add": "ADD", "AveragePool2D": "AVERAGE_POOL_2D", "Conv2D": "CONV_2D", "DepthwiseConv2D": "DEPTHWISE_CONV_2D",
        "FullyConnected": "FULLY_CONNECTED", "MaxPool2D": "MAX_POOL_2D"}.items()}

# Where cycles are told by: what TensorFlow Lite Micro's kernels call of CMSIS-NN.
NN_ENTRIES = [
    "arm_convolve_wrapper_s8", "arm_convolve_1x1_s8_fast", "arm_depthwise_conv_wrapper_s8", "arm_fully_connected_wrapper_s8",
    "arm_avgpool_s8", "arm_max_pool_s8", "arm_elementwise_add_s8"]


def kernel_entries(symbols):
    return [name for name in NN_ENTRIES if name in symbols]


def describe(folder):
    if os.path.exists(folder + "/VERSION"): return open(folder + "/VERSION").read().strip()
    return call("git", "-C", folder, "describe", "--tags", "--always").strip() if os.path.exists(folder + "/.git") else "unknown"


def tflite_micro(work, network, target, level, flags, simulator):
    folders = {name: os.environ.get(name, "") for name in ("TFLM", "CMSIS_NN", "FLATBUFFERS", "GEMMLOWP", "RUY")}
    missing = [name for name, path in folders.items() if not os.path.isdir(path)]
    if missing: raise SystemExit(f"{' '.join(missing)}: no folder; name the folders of the sources, as mlperf-tiny.sh says")
    processor = [flag for flag in flags if flag.startswith("-m")]
    build = os.environ["TFLM_BUILD"] + "/" + "_".join(flag.lstrip("-").replace("=", "-") for flag in processor)
    call("make", "-s", "-j2", "-f", HERE + "/library.mk", *(f"{name}={path}" for name, path in folders.items()),
         "CPU=" + " ".join(processor), "LEVEL=" + level, "OUT=" + build)
    language = [
        "-std=c++17", "-fno-rtti", "-fno-exceptions", "-fno-threadsafe-statics", "-fno-unwind-tables",
        "-fno-asynchronous-unwind-tables", "-DNDEBUG", "-DTF_LITE_STRIP_ERROR_STRINGS", "-DTF_LITE_STATIC_MEMORY", "-DCMSIS_NN",
        "-I" + folders["TFLM"], "-I" + folders["FLATBUFFERS"] + "/include", "-I" + folders["GEMMLOWP"], "-I" + folders["RUY"],
        f'-DTFLM_MODEL="\\"{network["path"]}.tflite\\""', f"-DTFLM_OPERATORS={len(network['operators'])}",
        "-DTFLM_ADD=" + " ".join(f"resolver->Add{name}({BYTES_ALONE.get(name, '')});" for name in network["operators"])]

    def objects(outputs, *more):
        return compile_all(work, flags, [(HERE + "/tflm.cc", [*language, *more])],
                           definitions("tflm", HERE + "/tflm.h", network["inputBytes"], outputs))

    def with_arena(objects, size):
        write(work + "/arena.c", f"""#include <stdint.h>
uint8_t tflm_arena[{size}] __attribute__((aligned(16)));
extern const uint32_t tflm_arena_bytes;
const uint32_t tflm_arena_bytes = {size};
""")
        call(PREFIX + "gcc", *flags, "-fdata-sections", "-c", "arena.c", folder=work)
        return link(work, flags, [*objects, "arena.o"], [f"{build}/libtflm{level}.a"], compiler="g++")

    # The arena is as large as it must be: what it says it used, or the smallest multiple of 16 bytes above that works.
    one = network["inputs"][:network["inputBytes"]]
    with_arena(objects(4, "-DTFLM_TELL_ARENA"), 1 << 20)
    status, said = emulate(work, simulator, one)
    if status: raise Failed(f"the firmware ended with {status}: {said[-500:]}")
    told = int.from_bytes(open(work + "/outputs.bin", "rb").read(), "little")
    program = objects(network["outputBytes"])

    def works(spare):
        with_arena(program, told + spare)
        return emulate(work, simulator, one)[0] == 0

    low, high = -16, 0
    while not works(high): low, high = high, max(16, high * 2)
    while high - low > 16:
        middle = (low + high) // 32 * 16
        low, high = (low, middle) if works(middle) else (middle, high)
    arena = told + high
    flash, static = with_arena(program, arena)
    run = simulate(work, simulator, "tflm_run", kernel_entries, network["inputs"])
    kernels = sum(run["steps"].values())
    if kernels < 0.5 * run["cycles"]: raise Failed(f"CMSIS-NN's kernels take {kernels:.0f} of {run['cycles']:.0f} cycles: others run")
    return run, flash, static, {
        "version": describe(folders["TFLM"]), "cmsisNN": describe(folders["CMSIS_NN"]), "arenaBytes": arena, "arenaBytesTold": told,
        "kernelShare": round(kernels / run["cycles"], 4)}


BAKENN = """
import bakenn, sys
source, folder, target = sys.argv[1:]
options = bakenn.CBackendOptions(
    kernel_policy=bakenn.KernelPolicy.STATIC_PRIORITY, enable_cmsis_nn=target == "cortex-m4", target=bakenn.resolve_target(target))
bakenn.compile_tflite(source, folder, name="network", backend_options=options, target=target)
print(bakenn.__version__)
"""


def bakenn(work, network, target, level, flags, simulator):
    """BakeNN's own choice of kernels; CMSIS-NN's, which it brings, where there is the DSP extension."""
    venv = os.environ.get("BAKENN_VENV", os.path.expanduser("~/.cache/condense-tests/bakenn"))
    if not os.path.exists(venv + "/bin/python"):
        call(sys.executable, "-m", "venv", venv)
        call(venv + "/bin/pip", "install", "-q", "bakenn[tflite]==1.0.0")
    folder = work + "/baked"
    version = call(venv + "/bin/python", "-c", BAKENN, network["path"] + ".reshaped.tflite", folder,
                   "cortex-m0plus" if target == "cortex-m0plus" else "cortex-m4").strip()
    text = open(folder + "/bakenn_sources.cmake").read()
    sources = [folder + path for path in re.findall(r'CMAKE_CURRENT_LIST_DIR}(/[^"]+\.c)"', text)]
    more = ["-I" + folder, f"-I{folder}/third_party/cmsis_nn/Include", f"-I{folder}/third_party/cmsis_core/Include",
            "-DBAKENN_CMSIS_NN_BUILTIN_MEMORY"]
    flash, static = link(work, flags, compile_all(
        work, flags, [(source, ["-std=gnu11"]) for source in sources],
        definitions("bakenn", HERE + "/bakenn.h", network["inputBytes"], network["outputBytes"]) + more))
    run = simulate(work, simulator, "bakenn_run", kernel_entries, network["inputs"])
    kernels = re.findall(r"^ +\[\d+\] \S+: (\S+) ", open(folder + "/bknn_network_memory.txt").read(), re.M)
    return run, flash, static, {"version": version, "kernels": sorted(set(kernels))}


PROGRAMS = {"condense": condense, "tflite-micro": tflite_micro, "bakenn": bakenn}


def measured(program, network, target, level, flags, simulator):
    with tempfile.TemporaryDirectory() as work:
        return PROGRAMS[program](work, network, target, level, flags, simulator)


def main(program, networks, name, level, targets):
    path = os.path.realpath(networks) + "/" + name
    network = json.load(open(path + ".json"))
    network |= {"path": path, "inputs": open(path + ".in", "rb").read()}
    reference = open(path + ".ref", "rb").read()
    known = {}
    for target in targets:
        simulator = yaml.safe_load(open(f"{HOME}/Recipes/targets/{target}.yaml"))["simulator"]
        flags = [level if flag == "-O2" else flag for flag in simulator["flags"]]
        factor = 1.0
        for item in simulator["factors"]: factor *= item["value"]
        row = {"network": name, "program": program, "target": target, "flags": " ".join(flags), "level": level,
               "date": datetime.date.today().isoformat()}
        # Profiles that differ in factors alone run the same program under the same table.
        costs = json.dumps([flags, simulator["machine"], simulator["cycles"], simulator["takenBranch"]])
        try:
            if costs not in known: known[costs] = target, measured(program, network, target, level, flags, simulator)
        except Failed as failure:
            print(json.dumps(row | {"reason": str(failure)}), flush=True)
            continue
        counted, (run, flash, static, more) = known[costs]
        if counted != target: row["countedAs"] = counted
        if len(run["outputs"]) != len(reference):
            raise SystemExit(f"{program}: {len(run['outputs'])} bytes of output, expected {len(reference)}")
        signed = lambda byte: byte - 256 if byte > 127 else byte
        steps = [abs(signed(a) - signed(b)) for a, b in zip(run["outputs"], reference)]
        macs, weights = network["multiplyAdds"], network["weightBytes"]
        print(json.dumps(row | more | {
            "tableCycles": round(run["cycles"]), "cycles": round(run["cycles"] * factor), "instructions": round(run["instructions"]),
            "multiplyAdds": macs, "cyclesPerMultiplyAdd": round(run["cycles"] * factor / macs, 3),
            "tableCyclesPerMultiplyAdd": round(run["cycles"] / macs, 3), "flashBytes": flash, "weightBytes": weights,
            "flashWithoutWeights": flash - weights, "staticBytes": static, "stackBytes": run["stack"],
            "ramBytes": static + run["stack"], "outputs": len(steps),
            "outputsUnequalToLiteRT": sum(step > 0 for step in steps), "greatestDifference": max(steps),
            "tableCyclesByPart": {part: round(cycles) for part, cycles in run["steps"].items()}}),
            flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 6: raise SystemExit(__doc__)
    main(*sys.argv[1:5], sys.argv[5:])
