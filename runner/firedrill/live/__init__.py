"""The live page of a running drill: what people see and press while it happens."""
