# make run · make test · make lab · make build · make bench · make mutate · make grade · make slides · make site · make clean
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

run: $(READY)          ## execute every lecture and solution, end with a table, pages under build/html
	$(BIN)/python -m tools.run

test: $(READY)         ## levels 0 to 3 and the guard, in as many processes as suit the machine
	$(BIN)/python -m pytest -n auto

test-slow: $(READY)    ## large networks and long training
	$(BIN)/python -m pytest tests -m slow

lab: $(READY)          ## open the labs
	$(BIN)/python -m tools.lab

build: $(READY)        ## sources -> notebooks; executes what changed
	$(BIN)/python -m tools.build

bench: $(READY)        ## how fast this machine is, as a table and build/bench.json
	$(BIN)/python -m tools.bench

mutate: $(READY)       ## break every answer and see whether its check notices
	$(BIN)/python -m tools.judging.mutate

grade: $(READY)        ## judge a class: make grade SUBMISSIONS=folder-or-zip
	$(BIN)/python -m tools.grading "$(SUBMISSIONS)"

slides: $(READY)       ## a deck a lecture under build/slides
	$(BIN)/python -m tools.site.slides

site: $(READY)         ## the course as a website under build/site, nothing executed
	$(BIN)/python -m tools.site

# Made once; again only when the requirements change.
$(READY): requirements.txt requirements-dev.txt
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "The course needs Python 3.10 to 3.13. Name one: make run PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m utils.data fetch
	touch $(READY)

clean:                 ## what was made here, but neither downloaded data nor the grades and the salt of a class
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
	test ! -d build || find build -mindepth 1 -maxdepth 1 ! -name grading -exec rm -rf {} +

.PHONY: run test test-slow lab build bench mutate grade slides site clean
