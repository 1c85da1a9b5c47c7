"""Long work that staff asked for, with progress: rows that workers run batch by batch.

`work_requests` writes the row, in the transaction of the confirmation. A worker claims it and runs
it in slices (`running`): batches that commit together with their count, until the slice's time is
over and other work goes first. When a worker dies, another continues after the last committed batch
(`sweeping`). `files` stores the files that the work reads and makes.
"""
