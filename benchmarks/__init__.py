"""What `make bench` measures: figures beside a baseline of the same run, since machines differ."""
