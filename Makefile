# Where make is at hand; ./harbour is the real thing and needs no make.
.PHONY: help up test check doctor stop
help up test check doctor stop:
	@./harbour $@
