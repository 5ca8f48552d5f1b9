"""`python -m callcenter.cli` is `callcenter`, for parents that start us by the interpreter they run on."""

from callcenter.cli import main

main()
