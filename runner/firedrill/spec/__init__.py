"""Files to models: everything that teams write, read with positions and plain words. It executes nothing and starts nothing."""
