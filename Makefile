# One configuration everywhere: the tests run on the very objects that ship.
SWIFT_FLAGS = -c release -Xswiftc -enable-testing
CONDENSE = .build/release/condense

# What the build and the tests need; `deps` installs only what is missing.
PACKAGES = libdnnl-dev libpng-dev libjpeg-dev libarchive-dev zlib1g-dev liblapacke-dev libopenblas-dev libsqlite3-dev \
  libflatbuffers-dev libjs-chart.js gcc g++ curl ca-certificates

# One test at a time: each plan brings a team of threads of its own, and teams side by side wait for each other's cores.
TEST_FLAGS = --skip-build --disable-xctest --no-parallel
TEST_ENVIRONMENT = OMP_WAIT_POLICY=passive

# Suites that compute: those that hold kernels against the reference, and all.
KERNEL_SUITES = DNNLTests|IntegersTests|ExecutionTests|OpsTests|LinearAlgebraTests
KERNELS = ^($(KERNEL_SUITES))\.
ARITHMETIC = ^($(KERNEL_SUITES)|EncodingsTests|MethodsTests|TrainingTests|ExportTests)\.

# What the tests of report.html open it in.
BROWSER = chromium

# With what the tests of exported files make a place for other programs' runtimes, from PyPI, once.
PYTHON = python3-venv

# What the quickstart's simulated board needs, and what the other boards need: without them figures are modelled.
SIMULATED = libsimavr-dev gcc-avr avr-libc libelf-dev
SIMULATORS = $(SIMULATED) qemu-system-arm gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-user \
  yosys nextpnr-ice40 fpga-icestorm verilator iverilog make $(PYTHON)

# Programs from PyPI that model targets, in a place of their own in the cache.
PYTHON_PLACE = $(or $(CONDENSE_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME)/condense),$(HOME)/.cache/condense)/python
PYTHON_TOOLS = ethos-u-vela==5.2.0

# Installs those of some Debian packages that are missing.
define install
missing=""; for package in $(1); do \
  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
  echo "installing$$missing"; \
  sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
  $$sudo apt-get update -qq && \
  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
fi
endef

# Slurm on two virtual nodes of this machine.
SLURM = slurm-wlm munge

# Ranks of one training; the build has a folder of its own, as the trait changes what is compiled.
MPI = libopenmpi-dev openmpi-bin
MPI_FLAGS = --scratch-path .build-mpi --traits MPI $(addprefix -Xcc ,$(shell mpicc --showme:compile)) \
  $(foreach folder,$(shell mpicc --showme:libdirs),-Xlinker -L$(folder))

.PHONY: help deps deps-report deps-simulated simulators build build-tests docs test test-limited slurm-test deps-mpi mpi mpi-test lint format compare clean

help:
	@echo "make compare   every family of compression on the built-in data set (installs, builds, runs)"
	@echo "make test      pass the tests (installs, builds, runs)"
	@echo "make test-limited  pass the tests of arithmetic again, without AVX-512, and without AVX"
	@echo "make slurm-test  install Slurm and run the quickstart through it on two virtual nodes (root; not part of make test)"
	@echo "make mpi       build condense with MPI in .build-mpi; mpi-test runs it as 1, 2 and 4 ranks (not part of make test)"
	@echo "make build     build condense and condense-bench"
	@echo "make deps      install the Debian packages that are missing; deps-report: browser and Python of some tests"
	@echo "make simulators  install what simulates or places all targets (1.2 GB); the Arduino's alone comes with make compare"
	@echo "make docs      build guides, methods and modules as web pages in .build/docs"
	@echo "make lint      check the format of the sources"

deps:
	@$(call install,$(PACKAGES))

# Without them the tests that look at report.html, or run exports in other runtimes, are skipped; continuous
# integration needs them.
deps-report:
	@$(call install,$(BROWSER) $(PYTHON))

# Small; the boards of larger tool chains are modelled where these are missing.
deps-simulated:
	@$(call install,$(SIMULATED))

simulators:
	@$(call install,$(SIMULATORS))
	@[ -x $(PYTHON_PLACE)/bin/vela ] || { python3 -m venv $(PYTHON_PLACE) && $(PYTHON_PLACE)/bin/pip install -q $(PYTHON_TOOLS); }

build: deps
	swift build $(SWIFT_FLAGS)

build-tests: deps $(if $(CONDENSE_CI),deps-report simulators)
	swift build --build-tests $(SWIFT_FLAGS)

docs: build
	Documentation/build.sh

# Runs tests: $(1) what else to say to `swift test`, $(2) the environment. In continuous integration a skip is a failure.
define run-tests
@echo "tests $(1) $(2)"; $(2) $(CONDENSE) doctor | grep -E '^(instruction|oneDNN)'; \
mkdir -p .build; $(2) $(TEST_ENVIRONMENT) swift test $(TEST_FLAGS) $(SWIFT_FLAGS) $(1) > .build/test.log 2>&1; \
status=$$?; cat .build/test.log; \
if [ -n "$(CONDENSE_CI)" ] && grep -qE '^[^ ]+ (Test|Suite) .* skipped([.:]|$$)' .build/test.log; then \
  echo "skipped tests are failures here:"; grep -E '^[^ ]+ (Test|Suite) .* skipped([.:]|$$)' .build/test.log; exit 1; \
fi; exit $$status
endef

test: build-tests
	$(call run-tests)

# Suites whose results come from kernels, on what processors without AVX-512 and without AVX have.
test-limited: build-tests
	$(call run-tests,--filter '$(ARITHMETIC)',CONDENSE_MAX_CPU_ISA=AVX2 OPENBLAS_CORETYPE=Haswell)
	$(call run-tests,--filter '$(KERNELS)',CONDENSE_MAX_CPU_ISA=SSE41 OPENBLAS_CORETYPE=Nehalem)

# Its own daemons in a folder of its own; nothing of a cluster that is set up here is touched.
slurm-test: build
	@$(call install,$(SLURM))
	Benchmarks/slurm.sh

deps-mpi: deps
	@$(call install,$(MPI))

mpi: deps-mpi
	swift build -c release --product condense $(MPI_FLAGS)

mpi-test: mpi
	Benchmarks/mpi.sh

lint:
	swift format lint --strict --recursive --parallel Sources Tests Package.swift

format:
	swift format --in-place --recursive --parallel Sources Tests Package.swift

compare: deps-simulated build
	$(CONDENSE) compare quickstart

clean:
	rm -rf .build .build-mpi runs
