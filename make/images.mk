# The container images, each one archive in the cache; see docs/images.md.
.PHONY: images images-all
images: venv ## build the images of the demo, print their archives' paths
	@$(PY) -m images.builder build

images-all: venv ## build every image: all RocketMQ releases, too
	@$(PY) -m images.builder build --all
