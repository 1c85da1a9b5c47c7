"""Every list of the brand admin is one declaration: a subclass of `listing.Listing`.

`listing` finds, sorts and pages the rows, and writes them as HTML and as CSV. `columns` and `cells`
say what stands in a row. `choosing` says which rows are chosen, `actions` what can be done to them,
and `changing` does it. `views` makes the addresses of a declaration: page, file, actions. Workers
make large files and change many rows in `brand_admin.work_exports` and `brand_admin.work_changes`.
"""
