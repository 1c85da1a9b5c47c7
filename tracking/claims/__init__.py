"""A member says that a sale is missing; the brand answers once. The screens say "question"."""
