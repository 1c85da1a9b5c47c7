"""Every list of the brand admin is one declaration: a subclass of `listing.Listing`.

`listing` finds, sorts and pages the rows, and writes them as HTML and as CSV. `columns` and `cells`
define what a row shows. `choosing` knows which rows are selected, `actions` describes what can be
done to them, and `changing` does it. `views` makes the views of a declaration: page, file, actions.
Workers make large files in `brand_admin.work_exports` and change many rows in
`brand_admin.work_changes`; both find the list by its `Listing.reference`.
"""
