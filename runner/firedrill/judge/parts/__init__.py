"""The parts of an expectation, a file each: every one gives the checks that a kind joins to its one finding."""
