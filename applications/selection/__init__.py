"""The mathematics of scoring and selection: pure functions that know nothing of Django, imported inside the function that needs them."""
