"""Long work that staff asked for, with progress: rows that workers run, batch by batch.

The code that asks for work writes the row in the transaction that confirms (`asking`). A worker
claims it and runs it in slices (`running`): batches that commit together with their count, until
the time of the slice is over and other work goes first. When a worker dies, another continues after
the last committed batch (`sweeping`). `files` keeps what the work reads and makes.
"""
