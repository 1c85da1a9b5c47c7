"""Long work that staff asked for, with progress: rows that workers run, batch by batch.

Whoever asks writes the row in the transaction that confirms (`asking`). A worker claims it and runs
it in slices (`running`): batches that commit together with their count, until the time of the slice
is over and other work goes first. A worker that dies leaves the last committed batch behind, and
another goes on from there (`sweeping`). `files` keeps what the work reads and makes.
"""
