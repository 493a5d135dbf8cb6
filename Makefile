# Two commands for a fresh Debian machine, as root or with sudo: `make run` and `make test`. Both may be repeated.

.PHONY: run test chaos api-fuzz fuzz quick bench-queue bench-api bench-engines bench-archive bench-sizes bench-ocr check-invoices fmt prepare install corpus clean

# Installs what is missing, builds, starts everything, converts the samples into one PDF/A, and keeps serving.
# `make run ONCE=1` stops after the job.
run: install
	@.ci/try $(if $(ONCE),--once)

# Installs what is missing and passes every check and every test.
test: install
	@.ci/test

# Kills, stops and cuts off everything while clients convert documents, then checks that nothing was lost or done twice.
# By itself until 10,000 jobs and 200 kills; `make chaos MINUTES=5` is the form that `make test` ends with. SEED=n
# repeats a run, RELEASE=1 builds with optimisation. docs/chaos.md says more.
chaos: install
	SQLX_OFFLINE=true cargo test $(if $(RELEASE),--release) --test chaos -- \
	    $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(JOBS),--jobs $(JOBS)) $(if $(KILLS),--kills $(KILLS))

# Sends more than 20,000 generated requests to a running service and holds every answer against its OpenAPI document: about
# a quarter of an hour. SEED=n repeats a run. Installs schemathesis, a program in Python, below target/.
api-fuzz: install
	@SEED=$(SEED) .ci/api-fuzz

# Fuzzes the PDF/A validator and the archiver, each for half of MINUTES (an hour), from the PDF files in the folders SEEDS. The first
# build takes about five minutes. What crashed stays in target/fuzz. docs/pdfa.md says more.
fuzz:
	@.ci/fuzz $(or $(MINUTES),60) $(SEEDS)

# The everyday run: tests alone.
quick:
	SQLX_OFFLINE=true cargo nextest run

# Measures the task queue beside other queues, which are built from their registry, on a PostgreSQL of its own: well over
# half an hour, less with QUICK=1. ONLY="drain,idle" and SUBJECTS="bindery,awa" narrow it. Nothing else should run meanwhile.
bench-queue:
	cargo build --release --locked --manifest-path benches/peers/Cargo.toml --target-dir target/peers
	SQLX_OFFLINE=true cargo bench --bench queue -- $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(if $(SUBJECTS),--subjects $(SUBJECTS))

# Measures the API beside an HTTP server that only answers, on a PostgreSQL of its own: about four minutes, less with
# QUICK=1. Nothing else should run meanwhile.
bench-api:
	SQLX_OFFLINE=true cargo bench --bench api -- $(if $(QUICK),--quick)

# Measures the engines beside LibreOffice and Chromium started for each document, unoserver and img2pdf: about six minutes, less
# with QUICK=1. ONLY="pictures,web" narrows it. SOAK=5000 converts so many Office documents in a row instead, and watches the memory. Installs what it compares
# with. Nothing else should run meanwhile.
bench-engines: install
	.ci/bench-engines-peers
	SQLX_OFFLINE=true cargo bench --bench engines -- $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(if $(SOAK),--soak $(SOAK))

# Archives the PDF files below FILES and says of each how long it takes, whether the result conforms, and whether it looks and reads as
# before, beside Ghostscript and OCRmyPDF. PART=1 or 3 for another part; ALONE=1 without the others, KEEP=folder keeps the results.
# Installs what it compares with. Nothing else should run meanwhile.
bench-archive: install
	.ci/bench-archive-peers
	SQLX_OFFLINE=true cargo bench --bench archive -- $(FILES) $(if $(PART),--part $(PART)) $(if $(ALONE),--alone) \
	    $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(KEEP),--keep $(KEEP))

# How small the optimisation profiles make the PDF files below FILES, beside Ghostscript's presets.
bench-sizes: install
	.ci/bench-sizes $(FILES)

# Recognises the text of a scan of PAGES (300) by one slot and by two, beside OCRmyPDF with as many jobs: about an hour. Installs what it
# compares with. Nothing else should run meanwhile.
bench-ocr: install
	PAGES=$(PAGES) .ci/bench-ocr

# Has the library factur-x from PyPI read what the Invoice workflow of a running service makes of the INVOICES, PDF files with their XML or XML files.
# Installs the library below target/.
check-invoices:
	.ci/check-invoices $(INVOICES)

fmt:
	cargo fmt

# Writes the query cache after a change of a query or a migration.
prepare:
	.ci/prepare

install:
	@.ci/install

# Converts folders of documents with expected outcomes by a service of its own: CORPUS=root FOLDERS="office pdf". Says how each ended,
# what each engine took, and whether anything was reached, read or left that should not, and whether each result is the PDF/A that it
# claims to be. WORKFLOW="Archive PDF/A-1" for another workflow. `.ci/corpus` alone uses a running service.
corpus: install
	BINDERY_CORPUS="$(CORPUS)" cargo nextest run --test it a_corpus
	@WORKFLOW="$(WORKFLOW)" .ci/corpus-report "$(CORPUS)" $(FOLDERS)

clean:
	cargo clean
