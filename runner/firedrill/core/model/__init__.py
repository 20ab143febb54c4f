"""What teams declare, as frozen types: the YAML shape, its documentation and its JSON Schema in one place."""
