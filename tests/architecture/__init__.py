"""What holds for the whole tree: who may import whom, and where our packages come from."""
