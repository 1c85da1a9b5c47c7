"""What machines talk to: shops through /api/v1/, shoppers' browsers through /r/, and probes."""
