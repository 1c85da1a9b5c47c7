"""A member reports a missing sale; the brand answers once. The screens say "question"."""
