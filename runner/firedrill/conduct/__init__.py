"""The conductor: a drill's life from prepare to judgement, and what has to be put back afterwards."""
