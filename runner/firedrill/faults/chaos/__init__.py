"""Chaos Toolkit plays the method in a child process; the engine sees JSON lines and never imports chaoslib."""
