.PHONY: test
test:
	./run test
